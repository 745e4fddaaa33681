"""``tam evaluate`` from folders to a report: tables, groups, what is kept, and what cannot be measured."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from plugin.evaluate.chart import Chart, svg, ticks
from plugin.evaluate.contenders import trackers, weights_of
from plugin.evaluate.units import Kept, Unit, measure_all
from tam_core.engines import ENGINES
from tam_core.errors import OutputError, RequestError
from tam_core.evaluate.groups import Groups, interval, read_groups
from tam_core.evaluate.sweeps import offered
from tam_core.evaluate.vos import scored
from tam_core.formats.davis import read_labels
from tests.command_line import Tam
from tests.evaluating import davis, put_labels, put_pictures
from tests.scenes import Scene, crossing, disc

SCENE = crossing(8)
SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two sequences, the second one shorter."""
    davis(tmp_path / "data", crossing(12), "ball")
    return davis(tmp_path / "data", Scene(SCENE.frames[:3], SCENE.masks[:3], SCENE.background[:3]), "short")


def test_engines_side_by_side_and_a_report(tam: Tam, data: Path, tmp_path: Path) -> None:
    groups = tmp_path / "groups.csv"
    groups.write_text("sequence,object,speed\nball,,slow\nshort,1,fast\n")
    first = tam("evaluate", "vos", data, "--engine", "flow", "--engine", "grabcut+flow",
                "--groups", groups, "-o", tmp_path / "out", "--masks")  # fmt: skip
    assert first.code == 0, first.err
    for word in ("ball", "short", "flow J", "grabcut+flow F", "J&F by speed", "fast"):
        assert word in first.out
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert set(report["engines"]) == {"flow", "grabcut+flow"}
    mean = report["engines"]["flow"]["mean"]
    assert mean["J&F"] == pytest.approx((mean["J"] + mean["F"]) / 2)
    assert mean["J"] > 0.8
    html = (tmp_path / "out/report.html").read_text()
    assert html.count("<svg") == 2
    assert html.count('src="data:image/jpeg;base64,') == 4
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")


def test_masks_are_written_as_they_are_scored(tam: Tam, data: Path, tmp_path: Path) -> None:
    done = tam("evaluate", "vos", data, "--engine", "flow", "--scene", "ball", "-o", tmp_path / "out", "--masks")
    assert done.code == 0, done.err
    files = sorted((tmp_path / "out/masks").glob("flow-*/ball/*.png"))
    assert [file.stem for file in files] == [f"{index:05d}" for index in range(12)]
    report = json.loads((tmp_path / "out/report.json").read_text())
    (scores,) = report["engines"]["flow"]["sequences"][0]["objects"]
    for frame, value in zip(scores["frames"], scores["J"], strict=True):
        found, truth = read_labels(files[frame]) > 0, crossing(12).masks[frame]
        assert value == pytest.approx((found & truth).sum() / (found | truth).sum(), abs=1e-12)


def test_what_is_kept_is_not_measured_again(tam: Tam, data: Path, tmp_path: Path) -> None:
    asked = ("evaluate", "vos", data, "--engine", "flow", "-o", tmp_path / "out")
    assert tam(*asked, "--scene", "ball").code == 0
    (kept,) = (tmp_path / "out/results").glob("flow-*/ball.json")
    document = json.loads(kept.read_text())
    document["objects"][0]["J"] = [0.125] * 10
    kept.write_text(json.dumps(document))
    both = tam(*asked)
    assert both.code == 0, both.err
    assert "0.125" in both.out
    assert (kept.parent / "short.json").exists()
    assert "0.125" not in tam(*asked, "--start", "box", "--segmenter", "grabcut", "--scene", "ball").out
    kept.write_text("{")
    assert "not one of our results" in tam(*asked).err


def test_stopped_in_the_middle_the_finished_ones_are_kept(
    tam: Tam, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopping(sequence, found):  # type: ignore[no-untyped-def]
        if sequence.name == "short":
            raise KeyboardInterrupt
        return scored(sequence, found)

    monkeypatch.setattr("plugin.evaluate.tracking.scored", stopping)
    stopped = tam("evaluate", "vos", data, "--engine", "flow", "-o", tmp_path / "out")
    assert stopped.code == 130
    assert "the same command goes on" in stopped.err
    assert [file.stem for file in (tmp_path / "out/results").glob("flow-*/*.json")] == ["ball"]


def test_interaction_curves(tam: Tam, data: Path, tmp_path: Path) -> None:
    asked = (data, "--engine", "flow", "--segmenter", "grabcut", "--scene", "short", "-o", tmp_path / "out")
    for protocol in ("pvs-online", "pvs-offline"):
        done = tam("evaluate", protocol, *asked)
        assert done.code == 0, done.err
        report = json.loads((tmp_path / "out/report.json").read_text())["engines"]["flow"]
        assert len(report["curve"]) == 8
        assert report["mean"] == pytest.approx(np.mean(report["curve"]))
        assert "mean of 1 to 8" in done.out
    assert len(list((tmp_path / "out/results").glob("flow-*/short-1.json"))) == 2


def test_clicks_on_stills(tam: Tam, tmp_path: Path) -> None:
    put_pictures(tmp_path / "data/images", SCENE.frames[:2])
    put_labels(tmp_path / "data/masks", SCENE.masks[:2])
    done = tam("evaluate", "clicks", tmp_path / "data", "--engine", "grabcut", "-o", tmp_path / "out")
    assert done.code == 0, done.err
    report = json.loads((tmp_path / "out/report.json").read_text())["engines"]["grabcut"]
    assert report["IoU"]["5"] > 0.8
    assert 1 <= report["NoC"]["0.85"] <= report["NoC"]["0.90"] <= 20
    assert "there are: 00000, 00001" in tam("evaluate", "clicks", tmp_path / "data", "--scene", "moon").err
    assert "'images' and 'masks'" in tam("evaluate", "clicks", tmp_path).err


def test_sweeps_of_what_an_engine_offers(tam: Tam, data: Path, tmp_path: Path) -> None:
    done = tam("evaluate", "robustness", data, "--engine", "flow", "--scene", "ball", "--sweep", "skip",
               "--sweep", "memory", "-o", tmp_path / "out")  # fmt: skip
    assert done.code == 0, done.err
    assert "flow: has no such setting" in done.out
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert [one["value"] for one in report["findings"]] == [1, 2, 4, 8]
    offer = offered(ENGINES.get("pocket", "tracker"), "memory")
    assert offer is not None
    assert (offer.setting, offer.usual, offer.values) == ("spaced", 2, (0, 1, 2, 4, 8))
    assert offered(ENGINES.get("flow", "tracker"), "input") is None


def test_a_truth_that_is_not_public_is_tracked_for_the_server(tam: Tam, tmp_path: Path) -> None:
    put_pictures(tmp_path / "data/JPEGImages/clip", SCENE.frames)
    put_labels(tmp_path / "data/Annotations/clip", SCENE.masks[:1])
    done = tam("evaluate", "vos", tmp_path / "data", "--engine", "flow", "-o", tmp_path / "out", "--masks")
    assert done.code == 0, done.err
    assert "not public" in done.out
    assert len(list((tmp_path / "out/masks").glob("flow-*/clip/*.png"))) == 8
    assert "cannot be simulated" not in done.out
    assert "not public" in tam("evaluate", "pvs-online", tmp_path / "data", "--engine", "flow").err


def test_what_cannot_be_measured_is_said(tam: Tam, data: Path, tmp_path: Path) -> None:
    assert "there are: ball, short" in tam("evaluate", "vos", data, "--scene", "moon").err
    assert "one of mask, box, 1, 3, 5" in tam("evaluate", "vos", data, "--start", "2").err
    assert "no tracker" in tam("evaluate", "vos", data, "--engine", "nothing").err
    assert "there are memory, input, skip" in tam("evaluate", "robustness", data, "--sweep", "wind").err
    listed = tmp_path / "list.txt"
    listed.write_text("\n")
    assert "names nothing" in tam("evaluate", "vos", data, "--list", listed).err
    weights = [f"pocket={tmp_path}/{name}/own.safetensors" for name in "ab"]
    for each in weights:
        file = Path(each.partition("=")[2])
        file.parent.mkdir()
        file.write_bytes(each.encode())
    with pytest.raises(RequestError, match="give weight files other names"):
        trackers(weights, "auto", "cpu")


def test_results_belong_to_weights_and_settings(tmp_path: Path) -> None:
    own = tmp_path / "own.safetensors"
    own.write_bytes(b"one")
    before = trackers([f"pocket={own}"], "auto", "cpu")[0].key({"a": 1})
    own.write_bytes(b"two")
    mine = trackers([f"pocket={own}"], "auto", "cpu")[0]
    assert mine.key({"a": 1}) != before
    assert mine.key({"a": 2}) != mine.key({"a": 1})
    assert mine.key({"a": 1}).startswith("pocket_own.safetensors-")
    assert len(weights_of(ENGINES.get("pocket", "tracker"))) == 64
    assert "flow" in weights_of(ENGINES.get("grabcut+flow", "tracker"))


def test_groups_are_read_and_missing_ones_left_out(tmp_path: Path) -> None:
    file = tmp_path / "groups.csv"
    file.write_text("sequence,object,size,kind\na,1,small,cat\na,2,large,\nb,,small,dog\n")
    groups = read_groups(file)
    values = {("a", 1): 0.2, ("a", 2): 0.4, ("b", 1): 0.6, ("c", 1): 0.8}
    assert groups.split("size", values) == {"large": {("a", 2): 0.4}, "small": {("a", 1): 0.2, ("b", 1): 0.6}}
    assert groups.split("kind", values) == {"cat": {("a", 1): 0.2}, "dog": {("b", 1): 0.6}}
    file.write_text("name,size\na,small\n")
    with pytest.raises(RequestError, match="needed are 'sequence'"):
        read_groups(file)
    file.write_text("sequence,object,size\na,first,small\n")
    with pytest.raises(RequestError, match="no number"):
        read_groups(file)
    assert Groups({"size": {}}).split("size", values) == {}


def test_intervals_hold_the_mean_and_are_wide_where_sequences_are_few() -> None:
    chance = np.random.default_rng(3)
    many = {(f"s{index}", 1): float(value) for index, value in enumerate(chance.normal(0.7, 0.1, 200))}
    few = dict(list(many.items())[:5])
    wide, narrow = interval(few), interval(many)
    assert narrow.low < narrow.mean < narrow.high
    assert narrow.high - narrow.low == pytest.approx(2 * 1.96 * 0.1 / np.sqrt(200), rel=0.2)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert interval(few) == wide
    together = {("s", number): value for number, value in enumerate(few.values())}
    assert np.isnan(interval(together).low)
    assert interval({}).count == 0


def test_units_that_fail_are_measured_again_and_the_others_not(tmp_path: Path) -> None:
    class Result:
        def __init__(self, value: int) -> None:
            self.value = value

        def document(self) -> dict[str, int]:
            return {"value": self.value}

    calls: list[str] = []

    def unit(name: str, fails: bool = False) -> Unit[Result]:
        def measure():  # type: ignore[no-untyped-def]
            calls.append(name)
            yield
            if fails:
                raise OutputError("the power is gone")
            return Result(len(name))

        return Unit(name, 1, measure)

    kept = Kept(tmp_path / "kept")
    with pytest.raises(OutputError):
        measure_all([unit("one"), unit("three", fails=True)], kept, lambda found: Result(found["value"]), "t")
    found = measure_all([unit("one"), unit("three")], kept, lambda found: Result(found["value"]), "t")
    assert [one.value for one in found] == [3, 5]
    assert calls == ["one", "three", "three"]


def test_a_chart_draws_what_is_known() -> None:
    chart = Chart("x & y", "x", "y", {"<a>": [(0, 0.1), (1, float("nan")), (2, 0.9)], "b": [(0, 0.5), (2, 0.5)]})
    drawn = svg(chart)
    assert drawn.count("<circle") == 4
    assert "&lt;a&gt;" in drawn
    assert "nan" not in drawn
    heights = [float(y) for y in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)"', drawn)]
    assert heights[1] < heights[2] < heights[0]
    assert chart.drawable
    assert not Chart("", "", "", {"a": [(0, float("nan"))]}).drawable
    assert ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert ticks(1, 8) == [2, 4, 6, 8]
    assert svg(Chart("", "", "", {"flat": [(1, 0.5)]})).count("<circle") == 1
    named = svg(Chart("", "", "", {"a": [(0, 0.1), (1, 0.2)]}, ("one", "two")))
    assert "polyline" not in named
    assert named.index("one") < named.index("two")


def test_it_agrees_with_the_independent_evaluator(tam: Tam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the same masks, to 1e-6, many objects and a real sequence where it is at hand."""
    if not (SHARED / "tools/davis_eval.py").exists():
        pytest.skip(f"no {SHARED}/tools/davis_eval.py")
    monkeypatch.syspath_prepend(str(SHARED / "tools"))
    import davis_eval  # type: ignore[import-not-found]

    labels = SCENE.masks.astype(np.uint8)
    labels[:, disc(40, 60, 12)] = 2
    put_pictures(tmp_path / "data/JPEGImages/480p/two", SCENE.frames)
    put_labels(tmp_path / "data/Annotations/480p/two", labels)
    davis(tmp_path / "data", SCENE, "one")
    done = tam("evaluate", "vos", tmp_path / "data", "--engine", "flow", "--masks", "-o", tmp_path / "out")
    assert done.code == 0, done.err
    (masks,) = (tmp_path / "out/masks").glob("flow-*")
    report = json.loads((tmp_path / "out/report.json").read_text())
    for sequence in report["engines"]["flow"]["sequences"]:
        theirs = davis_eval.sequence(tmp_path / "data/Annotations/480p" / sequence["name"], masks / sequence["name"])
        ours = {one["object"]: (np.mean(one["J"]), np.mean(one["F"])) for one in sequence["objects"]}
        assert ours.keys() == theirs.keys()
        for number, pair in ours.items():
            assert pair == pytest.approx(theirs[number], abs=1e-6)
    del sys.modules["davis_eval"]
