"""``tam batch`` as a person uses it: on real files, with worker processes, in spans, and over S3."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inpaint.holes import grown
from tam_core import rle
from tam_core.formats.masklet_json import read_masklets, write_masklets
from tam_core.masklet import Masklet
from tam_core.video import open_video
from tests.command_line import COUNT, Tam
from tests.scenes import crossing, disc, iou

TAM = (sys.executable, "-c", "from plugin.cli import main; main()")
ROOT = Path(__file__).parents[1]


def manifest(*rows: dict[str, object]) -> str:
    Path("list.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return "list.jsonl"


def summary(folder: str = "out") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(folder, "tam-batch/summary.json").read_text())
    return found


@pytest.fixture
def tracked(clip: Path, first_mask: Path) -> dict[str, object]:
    options = {"engine": "flow"}
    return {"input": str(clip), "operation": "track", "output": "a.json", "mask": str(first_mask), "options": options}


@pytest.fixture
def true_masks(tam: Tam, clip: Path) -> Path:
    del tam
    codes = {index: rle.encode(mask) for index, mask in enumerate(crossing(COUNT).masks)}
    write_masklets([Masklet(1, crossing(COUNT).masks.shape[1:], codes)], Path("m.json"), open_video(clip).info)
    return Path("m.json")


def test_rows_are_done_by_workers_as_by_hand_and_only_once(tam: Tam, clip: Path, tracked: dict[str, object]) -> None:
    rows = manifest(tracked, {**tracked, "output": "masks"}, {**tracked, "output": "bad.json", "mask": str(clip)})
    result = tam("batch", rows, "-o", "out", "--workers", 2, "--retries", 0)
    assert result.code == 1 and "failed: out/bad.json (line 3, 1 attempts)" in result.out
    assert tam("track", clip, "--mask", tracked["mask"], "--engine", "flow", "-o", "hand.json").code == 0
    assert Path("out/a.json").read_bytes() == Path("hand.json").read_bytes()
    assert len(list(Path("out/masks").iterdir())) == COUNT
    again = tam("batch", manifest(tracked), "-o", "out")
    assert again.code == 0 and "1 of 1 clips done (1 were there)" in again.out
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.json", "masks", "tam-batch"]


def test_a_mistake_in_the_manifest_costs_no_work(tam: Tam, tracked: dict[str, object]) -> None:
    result = tam("batch", manifest(tracked, {**tracked, "output": "b.json", "box": "nonsense", "on": 3}), "-o", "out")
    assert result.code == 2 and "list.jsonl line 2: 'on' has to be a text" in result.err
    assert not Path("out").exists()


def test_a_killed_worker_costs_its_unit_only(tam: Tam, tracked: dict[str, object]) -> None:
    del tam
    rows = manifest(*({**tracked, "output": f"{number}.json"} for number in range(6)))
    command = [*TAM, "batch", str(Path(rows).resolve()), "-o", str(Path("out").resolve()), "--workers", "2"]
    process = subprocess.Popen([*command, "--backoff", "0"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not (begun := list(Path("out").glob("tam-batch/records/*.begun"))) and process.poll() is None:
        time.sleep(0.005)
    pid = int(begun[0].read_text().rpartition(":")[2])
    os.kill(pid, signal.SIGKILL)
    process.communicate()
    found = summary()
    tries = sorted([one["state"] for one in attempts] for attempts in found["attempts"].values())
    assert (process.returncode, found["done"], found["lost"]) == (0, 6, 1)
    assert tries == [["done"]] * 5 + [["lost", "done"]]
    assert len({Path(f"out/{number}.json").read_bytes() for number in range(6)}) == 1


@pytest.mark.parametrize("prompted", [(0,), (7,), (1, 9)])
def test_spans_that_go_on_are_the_whole_in_parts(
    tam: Tam, clip: Path, tracked: dict[str, object], tmp_path: Path, prompted: tuple[int, ...]
) -> None:
    for number, frame in enumerate(prompted, 1):  # a second object is a piece of the wall
        _save(crossing(COUNT).masks[frame] if number == 1 else disc(40, 100, 15), tmp_path / f"{frame}.png", number)
    masks = [f"{tmp_path}/{frame}.png@{frame}" for frame in prompted]
    result = tam("batch", manifest({**tracked, "mask": masks}), "-o", "out", "--span", 4, "--overlap", 2)
    assert result.code == 0, result.err + result.out
    words = [word for mask in masks for word in ("--mask", mask)]
    assert tam("track", clip, *words, "--engine", "flow", "-o", "hand.json").code == 0
    joined, whole = read_masklets("out/a.json"), read_masklets("hand.json")
    assert [one.object_id for one in joined] == list(range(1, len(prompted) + 1))
    assert [one.rles for one in joined] == [one.rles for one in whole]
    assert not list(Path("out/tam-batch/spans").iterdir())


def test_spans_on_their_own_are_matched_where_they_overlap(
    tam: Tam, tracked: dict[str, object], tmp_path: Path
) -> None:
    masks = crossing(COUNT).masks
    for frame, number in ((0, 1), (6, 5)):  # numbered anew, as a detector would
        _save(masks[frame], tmp_path / f"{frame}.png", number)
    row = {**tracked, "mask": [f"{tmp_path}/0.png@0", f"{tmp_path}/6.png@6"]}
    result = tam("batch", manifest(row), "-o", "out", "--span", 6, "--overlap", 2, "--alone", "--workers", 2)
    assert result.code == 0, result.err + result.out
    (joined,) = read_masklets("out/a.json")
    assert joined.object_id == 1 and joined.frames == list(range(COUNT))
    assert all(iou(joined.rles[frame].decode(), masks[frame]) > 0.85 for frame in range(COUNT))


def test_removal_in_spans_leaves_what_is_outside_the_hole(tam: Tam, clip: Path, true_masks: Path) -> None:
    row: dict[str, object] = {
        "input": str(clip),
        "operation": "remove",
        "output": "clean.mkv",
        "masks": str(true_masks),
    }
    result = tam("batch", manifest(row), "-o", "out", "--span", 6, "--overlap", 3)
    assert result.code == 0, result.err + result.out
    plate, shown = crossing(COUNT).background, open_video(Path("out/clean.mkv"))
    assert shown.info.times == open_video(clip).info.times
    for before, after in zip(open_video(clip).frames(), shown.frames(), strict=True):
        hole = grown(crossing(COUNT).masks[before.index], 4)
        assert np.array_equal(before.pixels[~hole], after.pixels[~hole])
        wrong = np.abs(after.pixels[hole].astype(int) - plate[before.index][hole]).mean()
        assert wrong < 0.5 * np.abs(before.pixels[hole].astype(int) - plate[before.index][hole]).mean()


def _save(mask: Any, path: Path, number: int = 255) -> None:
    from PIL import Image

    Image.fromarray(mask.astype(np.uint8) * number).save(path)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A bucket of an S3 server on this machine, which child processes find by the environment."""
    server_of = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = server_of.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("TAM_BATCH_CACHE", str(tmp_path / "cache"))
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("videos")
    yield "s3://videos"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the server and its client, not ours
def test_files_may_lie_in_s3(tam: Tam, bucket: str, clip: Path, tracked: dict[str, object]) -> None:
    import s3fs

    store = s3fs.S3FileSystem()
    store.put_file(str(clip), "videos/in/clip.mkv")
    store.put_file(str(tracked["mask"]), "videos/in/first.png")
    row = {**tracked, "input": "clip.mkv", "mask": "first.png"}
    both = [row, {**row, "output": "masks"}]
    store.pipe_file("videos/in/list.jsonl", "\n".join(map(json.dumps, both)).encode())
    result = tam("batch", f"{bucket}/in/list.jsonl", "-o", f"{bucket}/out")
    assert result.code == 0, result.err + result.out
    assert tam("track", clip, "--mask", tracked["mask"], "--engine", "flow", "-o", "hand.json").code == 0
    store.invalidate_cache()
    assert store.cat_file("videos/out/a.json") == Path("hand.json").read_bytes()
    assert len(store.ls("videos/out/masks")) == COUNT
    assert "(2 were there)" in tam("batch", f"{bucket}/in/list.jsonl", "-o", f"{bucket}/out").out


@pytest.mark.slow
def test_a_ray_cluster_gives_the_same_bytes(tam: Tam, tracked: dict[str, object]) -> None:
    pytest.importorskip("ray")
    del tam
    rows = manifest(*({**tracked, "output": f"{number}.json"} for number in range(3)))
    for folder, options in (("ray", ["--ray", "local"]), ("pool", [])):
        command = [*TAM, "batch", str(Path(rows).resolve()), "-o", str(Path(folder).resolve()), "--workers", "2"]
        subprocess.run([*command, *options], cwd=ROOT, check=True)
    assert summary("ray")["done"] == 3
    for number in range(3):
        assert Path(f"ray/{number}.json").read_bytes() == Path(f"pool/{number}.json").read_bytes()
