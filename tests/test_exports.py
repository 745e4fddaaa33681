"""Exports: every format can be opened again, is whole or not there, and stops when it is told to."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plugin.exports import EXPORTS, ExportFormat, Material, find_format
from plugin.stepwise import Pace, stepwise
from tam_core import rle
from tam_core.errors import NotVisibleError, RequestError
from tam_core.formats.davis import read_davis
from tam_core.formats.masklet_json import read_masklets
from tam_core.masklet import Masklet
from tam_core.video import ArraySource, open_video
from tam_core.video.pictures import read_picture
from tests.scenes import crossing

COUNT, START, STOP = 6, 1, 5
SCENE = crossing(COUNT)
MASKLET = Masklet(
    1,
    SCENE.masks[0].shape,
    {i: rle.encode(mask) for i, mask in enumerate(SCENE.masks)},
    dict.fromkeys(range(COUNT), 0.9),
)
MATERIAL = Material(ArraySource(SCENE.frames), [MASKLET], START, STOP, ArraySource(SCENE.background))
RESULTS = [row for row in EXPORTS if row.takes == "removal" and row.name != "patch"]


def write(row: ExportFormat, folder: Path, material: Material = MATERIAL) -> tuple[Path, int]:
    """Where the export is, and how many steps it took."""
    path = folder / f"out{row.suffix}"
    row.check_path(path)
    return path, sum(1 for _ in row.write(material, path))


@pytest.mark.parametrize("row", RESULTS, ids=lambda row: row.name)
def test_results_show_the_background_on_the_asked_frames(row: ExportFormat, tmp_path: Path) -> None:
    path, steps = write(row, tmp_path)
    written = open_video(path)
    assert steps == written.info.frame_count == STOP - START
    assert written.info.size == SCENE.frames.shape[1:3]
    difference = np.abs(written.read(1).pixels.astype(int) - SCENE.background[START + 1])[SCENE.masks[START + 1]]
    assert difference.mean() < 6


def test_masks_come_back_from_a_davis_folder(tmp_path: Path) -> None:
    path, steps = write(find_format("davis"), tmp_path)
    (found,) = read_davis(path)
    assert found.frames == list(range(START, STOP)) and steps == STOP - START
    assert all(found.rles[frame] == rle.encode(SCENE.masks[frame]) for frame in found.frames)


def test_masks_come_back_from_json_with_their_scores(tmp_path: Path) -> None:
    path, _ = write(find_format("json"), tmp_path)
    (found,) = read_masklets(path)
    assert found.frames == list(range(START, STOP))
    assert found.rles[2] == MASKLET.rles[2] and found.scores[2] == MASKLET.scores[2]


def test_a_matte_is_white_where_the_object_is(tmp_path: Path) -> None:
    path, steps = write(find_format("matte"), tmp_path)
    assert sorted(one.name for one in path.iterdir()) == [f"{index:05d}.png" for index in range(START, STOP)]
    assert steps == STOP - START
    for index in range(START, STOP):
        assert np.array_equal(read_picture(path / f"{index:05d}.png"), SCENE.masks[index][..., None].repeat(3, 2) * 255)


def test_a_patch_laid_over_the_source_is_the_result(tmp_path: Path) -> None:
    path, steps = write(find_format("patch"), tmp_path)
    assert steps == STOP - START
    for index in range(START, STOP):
        with Image.open(path / f"{index:05d}.png") as picture:
            patch = np.array(picture)
        over = patch[..., 3:] > 0
        assert np.array_equal(np.where(over, patch[..., :3], SCENE.frames[index]), SCENE.background[index])
        assert set(np.unique(patch[..., 3])) == {0, 255} and over.mean() < 0.1


def test_a_preview_tints_the_object_and_nothing_else(tmp_path: Path) -> None:
    path, _ = write(find_format("preview"), tmp_path)
    shown = open_video(path).read(0).pixels.astype(int)
    change = np.abs(shown - SCENE.frames[START]).mean(2)
    assert change[SCENE.masks[START]].mean() > 20 > 6 > change[:, :10].mean()


def test_nothing_is_left_of_an_export_that_was_stopped(tmp_path: Path) -> None:
    for row in EXPORTS:
        if row.suffix != ".json":  # is written at once
            steps = row.write(MATERIAL, tmp_path / f"out{row.suffix}")
            next(steps)
            steps.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []


def test_a_result_needs_a_removal(tmp_path: Path) -> None:
    nothing = Material(MATERIAL.source, MATERIAL.masklets, START, STOP)
    with pytest.raises(NotVisibleError, match="remove objects first"):
        write(find_format("h264"), tmp_path, nothing)


def test_a_name_that_does_not_fit_the_format_is_refused() -> None:
    for name, wrong in {"json": "a.txt", "davis": "a.png", "prores": "a.mp4", "h264": "a.webm", "png": "a.mp4"}.items():
        with pytest.raises(RequestError):
            find_format(name).check_path(Path("/x") / wrong)
    find_format("h264").check_path(Path("/x/a.mov"))


def test_an_unknown_format_is_named_with_those_that_there_are() -> None:
    with pytest.raises(RequestError, match=r"'gif'.*davis"):
        find_format("gif")


def counting(seen: list[int]) -> Iterator[int]:
    try:
        for number in range(3):
            seen.append(number)
            yield number
    finally:
        seen.append(-1)


def test_work_moves_only_when_the_next_step_is_asked_for() -> None:
    made: list[int] = []
    taken: list[int] = []
    steps = stepwise(lambda items: taken.extend(items), counting(made))
    assert made == []
    next(steps)
    assert made == [0] and taken == []
    assert len(list(steps)) == 2
    assert taken == [0, 1, 2] and made == [0, 1, 2, -1]


def test_work_that_is_closed_cleans_up_and_so_do_its_items() -> None:
    made: list[int] = []
    ended: list[str] = []

    def consume(items: Iterator[int]) -> None:
        try:
            for _ in items:
                pass
        finally:
            ended.append("cleaned")

    steps = stepwise(consume, counting(made))
    next(steps)
    next(steps)
    steps.close()
    assert ended == ["cleaned"] and made == [0, 1, -1]


def test_items_that_take_long_are_stopped_and_told_of_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.stepwise._BREATH_SECONDS", 0)
    pace, taken = Pace(), []

    def slow() -> Iterator[int]:
        for part in (0.25, 0.5, 0.75):
            pace(part)
        yield 1
        pace(1.5)
        taken.append("further than it was asked for")

    steps = stepwise(list, slow(), pace)
    assert [pace.done for _ in zip(range(5), steps, strict=False)] == [0.25, 0.5, 0.75, 0.75, 1.5]
    steps.close()
    assert taken == []


def test_a_failure_of_the_work_or_of_its_items_is_raised() -> None:
    def failing(items: Iterator[int]) -> None:
        for _ in items:
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        list(stepwise(failing, [1, 2]))
    with pytest.raises(ZeroDivisionError):
        list(stepwise(list, (1 // (1 - number) for number in range(3))))
