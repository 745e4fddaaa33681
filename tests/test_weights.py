"""Weight files become named tensors, and fit their network exactly or are refused by name."""

from pathlib import Path
from typing import Any

import pytest

from tam_core.errors import EngineNotReadyError

torch = pytest.importorskip("torch")

from tam_core.weights import load_strictly, read_weights  # noqa: E402


def network() -> Any:
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))


@pytest.mark.parametrize("wrapper", [None, "model", "state_dict"])
def test_what_torch_saved_is_read_with_or_without_a_wrapper(tmp_path: Path, wrapper: str | None) -> None:
    saved = network().state_dict()
    torch.save({wrapper: saved, "epoch": 3} if wrapper else saved, tmp_path / "w.pt")
    weights = read_weights(tmp_path / "w.pt")
    assert list(weights) == list(saved)
    assert all(torch.equal(weights[name], saved[name]) for name in saved)


def test_the_format_of_before_torch_1_6_is_read(tmp_path: Path) -> None:
    torch.save(network().state_dict(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert len(read_weights(tmp_path / "old.pth")) == 7


def test_safetensors_are_read(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    saved = network().state_dict()
    save_file(saved, tmp_path / "w.safetensors")
    weights = read_weights(tmp_path / "w.safetensors")
    assert all(torch.equal(weights[name], saved[name]) for name in saved)


class Harmful:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("harm"),)


def test_code_in_a_file_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Harmful()}, "w.pt")
    with pytest.raises(EngineNotReadyError, match=r"w\.pt cannot be read as weights"):
        read_weights(Path("w.pt"))
    assert not Path("harm").exists()


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", None], ids=["nothing", "a web page", "no file"])
def test_a_file_that_is_no_weights_is_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(EngineNotReadyError, match=rf"{name} cannot be read"):
        read_weights(tmp_path / name)


@pytest.mark.parametrize("content", [["a list"], {"weight": "a word"}], ids=["no names", "no tensors"])
def test_other_things_in_a_file_are_refused(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(EngineNotReadyError, match=r"w\.pt"):
        read_weights(tmp_path / "w.pt")


def test_weights_fill_their_network() -> None:
    source, target = network(), network()
    load_strictly(target, source.state_dict(), "a network", Path("w.pt"))
    assert torch.equal(target[0].weight, source[0].weight)


def test_what_does_not_fit_is_named() -> None:
    weights = network().state_dict()
    del weights["0.bias"]
    weights["head.weight"] = torch.zeros(1)
    weights["1.weight"] = torch.zeros(5)
    with pytest.raises(EngineNotReadyError) as caught:
        load_strictly(network(), weights, "SAM 9", Path("w.pt"))
    for part in ("w.pt is not a checkpoint of SAM 9", "lacks 0.bias", "head.weight", "1.weight (5,) for (3,)"):
        assert part in str(caught.value)


def test_many_that_do_not_fit_are_counted() -> None:
    with pytest.raises(EngineNotReadyError, match=r"lacks 0\.weight, 0\.bias, 1\.weight and 4 more$"):
        load_strictly(network(), {}, "SAM 9", Path("w.pt"))
