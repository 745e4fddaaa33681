"""Engines are chosen by name, role and device; those that are not here say what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from tam_core.checkpoints import Checkpoint
from tam_core.engines import ENGINES
from tam_core.errors import EngineNotReadyError, RequestError, SourceNotFoundError, UnknownEngineError
from tam_core.registry import EngineSpec, Registry

PLAIN = EngineSpec("plain", "tracker", "tests.test_registry:load", "", "MIT", rank=1)


def load(device: str, parts: list[str] | None = None, checkpoint: Path | None = None) -> str:
    """Stands for an engine's loader."""
    return f"{device} {parts or ''}{checkpoint.name if checkpoint else ''}".strip()


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAM_MODELS", str(tmp_path))
    return tmp_path


def weights(name: str) -> Checkpoint:
    return Checkpoint(name, f"https://nowhere.example/{name}", 4, None)


def test_an_engine_that_is_not_downloaded_says_how_to_get_it() -> None:
    row = ENGINES.get("sam-vit-b", "segmenter")
    with pytest.raises(EngineNotReadyError) as caught:
        replace(row, needs=()).load()
    for part in ("sam-vit-b", "sam_vit_b_01ec64.pth", "375 MB", "Apache-2.0", "tam engines fetch sam-vit-b"):
        assert part in str(caught.value)


def test_an_engine_without_its_package_says_which() -> None:
    row = replace(PLAIN, needs=("no_such_package",))
    assert not row.ready
    with pytest.raises(EngineNotReadyError, match="pip install no_such_package"):
        row.load()


def test_an_engine_is_loaded_with_its_weights(models: Path) -> None:
    (models / "a.pt").write_bytes(b"1234")
    assert replace(PLAIN, checkpoint=weights("a.pt")).load("cpu") == "cpu a.pt"


def test_an_engine_takes_weights_of_a_person_s_own(models: Path) -> None:
    (models / "mine.pt").write_bytes(b"12")
    table = Registry(
        replace(PLAIN, name="net", checkpoint=weights("theirs.pt")),
        replace(PLAIN, name="ours", takes_weights=True),
        PLAIN,
    )
    for name in ("net", "ours"):
        row = table.get(f"{name}={models / 'mine.pt'}", "tracker")
        assert row.ready and row.load("cpu") == "cpu mine.pt"
    with pytest.raises(SourceNotFoundError, match=r"no weight file .*none\.pt for 'net'"):
        table.get(f"net={models / 'none.pt'}", "tracker")
    with pytest.raises(RequestError, match="'plain' takes no weight file"):
        table.get(f"plain={models / 'mine.pt'}", "tracker")
    with pytest.raises(UnknownEngineError, match="no tracker is named 'nett'"):
        table.get(f"nett={models / 'mine.pt'}", "tracker")


def test_options_go_to_the_loader() -> None:
    assert PLAIN.load("cpu", parts=["mine"]) == "cpu ['mine']"


def test_an_engine_made_of_others_takes_them_loaded_and_in_order(models: Path) -> None:
    heavy = replace(PLAIN, name="heavy", checkpoint=weights("heavy.pt"))
    loop = replace(PLAIN, name="loop", parts=(PLAIN, heavy))
    assert [row.name for row in loop.to_fetch] == ["heavy"]
    assert loop.size == 4
    with pytest.raises(EngineNotReadyError, match=r"'loop' needs tracker 'heavy', which is not .*fetch heavy"):
        loop.load()
    (models / "heavy.pt").write_bytes(b"1234")
    assert loop.load("cpu") == "cpu ['cpu', 'cpu heavy.pt']"


def test_what_a_part_needs_the_whole_needs() -> None:
    loop = replace(PLAIN, parts=(replace(PLAIN, needs=("no_such_package",)),))
    assert loop.missing_packages == ["no_such_package"]
    assert not loop.ready


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownEngineError, match="did you mean 'grabcut'"):
        ENGINES.get("grabcat", "segmenter")
    with pytest.raises(UnknownEngineError, match="There are: auto, pocket, grabcut"):
        ENGINES.get("photoshop", "segmenter")


def test_a_name_counts_only_in_its_role() -> None:
    with pytest.raises(UnknownEngineError, match="no tracker is named 'grabcut'"):
        ENGINES.get("grabcut", "tracker")


def test_auto_is_the_highest_ranked_that_is_ready() -> None:
    high = replace(PLAIN, name="high", rank=9)
    absent = replace(PLAIN, name="absent", rank=99, needs=("no_such_package",))
    assert Registry(PLAIN, absent, high).get("auto", "tracker") is high


def test_auto_takes_a_lighter_engine_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    heavy = replace(PLAIN, name="heavy", rank=9, cpu_rank=0)
    table = Registry(PLAIN, heavy)
    assert table.get("auto", "tracker", "cpu") is PLAIN
    monkeypatch.setattr("tam_core.device.resolve_device", lambda name: {"auto": "cuda"}.get(name, name))
    assert table.get("auto", "tracker", "auto") is heavy
    assert table.get("auto", "tracker", "cpu") is PLAIN
    assert table.get("heavy", "tracker", "cpu") is heavy, "who asks for it by name gets it"


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(RequestError, match="no_such_device"):
        Registry(PLAIN, replace(PLAIN, name="heavy", rank=9, cpu_rank=0)).get("auto", "tracker", "no_such_device")


def test_auto_with_nothing_ready_says_what_the_best_one_needs() -> None:
    low = replace(PLAIN, name="low", checkpoint=weights("low.pt"))
    best = replace(PLAIN, name="best", rank=9, needs=("no_such_package",))
    with pytest.raises(EngineNotReadyError, match="'best' needs no_such_package"):
        Registry(low, best).get("auto", "tracker")
    with pytest.raises(EngineNotReadyError, match="no segmenter is known"):
        Registry(low, best).get("auto", "segmenter")


def test_with_no_weights_the_engines_without_a_download_are_chosen() -> None:
    assert ENGINES.get("auto", "tracker").name == "pocket"
    assert ENGINES.get("auto", "segmenter").name == "pocket"


def test_what_is_worth_fetching_is_the_best_for_any_machine(models: Path) -> None:
    best = replace(PLAIN, name="best", rank=9, cpu_rank=5, checkpoint=weights("best.pt"))
    heavy = replace(best, name="heavy", rank=99, cpu_rank=2, checkpoint=weights("heavy.pt"))
    table = Registry(PLAIN, heavy, best)
    assert table.worth_fetching("tracker") is best
    assert table.worth_fetching("segmenter") is None
    assert Registry(PLAIN, replace(best, needs=("no_such_package",))).worth_fetching("tracker") is None
    (models / "heavy.pt").write_bytes(b"1234")
    assert table.worth_fetching("tracker") is None, "this person has chosen already"
