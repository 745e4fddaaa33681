"""The command line as a person uses it: what works, and every mistake with its one clear line."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from plugin import cli
from tam_core.errors import OutputError
from tam_core.formats.davis import read_davis
from tam_core.formats.masklet_json import read_masklets
from tam_core.video import ArraySource, open_video, write_video
from tests.command_line import COUNT, Tam
from tests.media import add_sound
from tests.scenes import HEIGHT, WIDTH, crossing, disc_scene, iou, texture

ROOT = Path(__file__).parents[1]


def no_traces(folder: Path) -> bool:
    return not [path for path in folder.rglob("*") if ".part" in path.name]


def test_track_to_a_folder_of_masks(tam: Tam, clip: Path, first_mask: Path, tmp_path: Path) -> None:
    result = tam("track", clip, "--mask", first_mask, "-o", "masks")
    assert result.code == 0, result.err
    assert sorted(path.name for path in Path("masks").iterdir()) == [f"{i:05d}.png" for i in range(COUNT)]
    (found,) = read_davis(Path("masks"))
    truth = crossing(COUNT).masks
    assert np.mean([iou(found.mask(i), truth[i]) for i in range(COUNT)]) > 0.85
    assert no_traces(tmp_path)


def test_track_a_click_to_json(tam: Tam, clip: Path) -> None:
    result = tam("track", clip, "--click", "30,60", "-o", "m.json")
    assert result.code == 0, result.err
    assert "object 1 on 12 of 12 frames" in result.out
    (found,) = read_masklets(Path("m.json"))
    assert found.frames == list(range(COUNT))
    assert iou(found.mask(0), crossing(COUNT).masks[0]) > 0.8
    assert json.loads(Path("m.json").read_text())["video"]["frame_count"] == COUNT


def test_track_two_objects_both_ways_from_the_middle(tam: Tam, clip: Path) -> None:
    result = tam(
        "track", clip, "--click", "1:75,60@5", "--not", "1:75,100@5", "--box", "4:130,5,155,30@5", "-o", "m.json"
    )
    assert result.code == 0, result.err
    assert [(m.object_id, m.frames[0]) for m in read_masklets(Path("m.json"))] == [(1, 0), (4, 0)]


def test_track_to_black_and_white_mattes(tam: Tam, clip: Path, first_mask: Path, tmp_path: Path) -> None:
    result = tam("track", clip, "--mask", first_mask, "-o", "mattes", "--format", "matte", "--stop", 3)
    assert result.code == 0, result.err
    assert sorted(path.name for path in Path("mattes").iterdir()) == ["00000.png", "00001.png", "00002.png"]
    first = np.asarray(Image.open("mattes/00000.png"))
    assert set(np.unique(first)) == {0, 255} and iou(first[..., 0] > 0, crossing(COUNT).masks[0]) > 0.95
    assert no_traces(tmp_path)


def test_track_to_the_objects_alone(tam: Tam, clip: Path, first_mask: Path) -> None:
    result = tam("track", clip, "--mask", first_mask, "-o", "disc.mov", "--format", "cutout", "--start", 0, "--stop", 3)
    assert result.code == 0, result.err
    with av.open("disc.mov") as file:
        pictures = [frame.to_ndarray(format="rgba") for frame in file.decode(video=0)]
    for index, picture in enumerate(pictures):
        inside = picture[..., 3] > 127
        assert iou(inside, crossing(COUNT).masks[index]) > 0.85
        assert np.abs(picture[inside][:, :3].astype(int) - crossing(COUNT).frames[index][inside]).mean() < 8
    assert len(pictures) == 3


@pytest.mark.parametrize(
    ("form", "output", "message"),
    [
        ("patch", "out", "'patch' is of a result"),
        ("matte", "out.mov", "needs the name of a folder"),
        ("cutout", "out.mp4", "ends in .mov"),
        ("splines", "out", "no export format is named 'splines'; there are: davis, matte"),
    ],
)
def test_formats_that_do_not_fit_are_told_before_the_work(
    tam: Tam, clip: Path, form: str, output: str, message: str
) -> None:
    result = tam("track", clip, "--click", "30,60", "-o", output, "--format", form)
    assert result.code == 2 and message in result.err and not Path(output).exists()


def test_sound_that_the_output_cannot_hold_is_told_before_the_tracking(tam: Tam, clip: Path) -> None:
    add_sound(clip, Path("opus.mkv"), "libopus", seconds=0.5)
    result = tam("track", "opus.mkv", "--click", "30,60", "-o", "look.mov")
    assert result.code == 1 and "look.mov cannot hold the opus sound of opus.mkv; write .mp4 or " in result.err
    assert "tracking" not in result.err and not Path("look.mov").exists()


def test_track_to_a_preview_video(tam: Tam, clip: Path, first_mask: Path) -> None:
    result = tam("track", clip, "--mask", first_mask, "-o", "look.mp4")
    assert result.code == 0, result.err
    drawn, plain = open_video("look.mp4"), open_video(clip)
    assert drawn.info.times == plain.info.times
    inside = crossing(COUNT).masks[4]
    change = np.abs(drawn.read(4).pixels.astype(int) - plain.read(4).pixels).mean(-1)
    assert change[inside].mean() > 20
    assert change[~inside].mean() < 6


def test_remove_by_mask_keeps_everything_else(tam: Tam, clip: Path, first_mask: Path, tmp_path: Path) -> None:
    assert tam("track", clip, "--mask", first_mask, "-o", "m.json").code == 0
    result = tam("remove", clip, "--masks", "m.json", "--grow", 3, "-o", "clean.mkv")
    assert result.code == 0, result.err
    before, after, scene = open_video(clip), open_video("clean.mkv"), crossing(COUNT)
    assert after.info.times == before.info.times
    (found,) = read_masklets(Path("m.json"))
    for index in range(COUNT):
        near = np.asarray(Image.fromarray(found.mask(index)).resize((WIDTH, HEIGHT)))
        rows, columns = np.nonzero(near)
        far = np.ones_like(near)
        far[max(rows.min() - 4, 0) : rows.max() + 5, max(columns.min() - 4, 0) : columns.max() + 5] = False
        assert np.array_equal(after.read(index).pixels[far], before.read(index).pixels[far])
    error = np.abs(after.read(6).pixels.astype(int) - scene.background[6])[scene.masks[6]].mean()
    untouched = np.abs(before.read(6).pixels.astype(int) - scene.background[6])[scene.masks[6]].mean()
    assert error < untouched / 5
    assert no_traces(tmp_path)


def test_remove_in_one_command_to_a_folder(tam: Tam, clip: Path) -> None:
    result = tam("remove", clip, "--click", "30,60", "-o", "frames")
    assert result.code == 0, result.err
    assert len(list(Path("frames").glob("*.png"))) == COUNT


def test_range_is_what_is_read_and_written(tam: Tam, clip: Path) -> None:
    assert tam("track", clip, "--click", "60,60@4", "--start", 3, "--stop", 7, "-o", "masks").code == 0
    assert sorted(path.name for path in Path("masks").iterdir()) == [f"{i:05d}.png" for i in range(3, 7)]
    result = tam("remove", clip, "--masks", "masks", "--start", 3, "--stop", 7, "-o", "clean.mkv")
    assert result.code == 0, result.err
    assert open_video("clean.mkv").info.frame_count == 4


def test_folder_of_images_is_a_video_too(tam: Tam, tmp_path: Path, first_mask: Path) -> None:
    (tmp_path / "in").mkdir()
    for index, pixels in enumerate(crossing(4).frames):
        Image.fromarray(pixels).save(tmp_path / "in" / f"{index:05d}.png")
    result = tam("remove", "in", "--mask", first_mask, "-o", "out")
    assert result.code == 0, result.err
    assert len(list(Path("out").glob("*.png"))) == 4


def test_engines_lists_every_engine_with_its_facts(tam: Tam) -> None:
    result = tam("engines")
    assert result.code == 0
    for word in ("flow", "grabcut", "plate", "sam-vit-b", "375 MB", "Apache-2.0", "tam engines fetch sam-vit-b"):
        assert word in result.out


@pytest.fixture(scope="session")
def cut_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shots of 8 frames: the disc, another place without it, and the disc again, elsewhere."""
    first, last = disc_scene(lambda i: (40 + 2 * i, 40), 8), disc_scene(lambda i: (100, 70 + i), 8)
    frames = np.concatenate([first.frames, np.repeat(texture(5, (160, 150, 120))[None], 8, 0), last.frames])
    path = tmp_path_factory.mktemp("cuts") / "cuts.mkv"
    write_video(ArraySource(frames).frames(), path, rate=Fraction(24), codec="ffv1")
    return path


FIRST_SHOT, LAST_SHOT = list(range(8)), list(range(16, 24))


def tracked(path: str) -> list[int]:
    (found,) = read_masklets(Path(path))
    return found.frames


def test_tracking_ends_at_a_cut_and_says_how_to_go_on(tam: Tam, cut_clip: Path) -> None:
    result = tam("track", cut_clip, "--click", "40,40", "-o", "m.json")
    assert result.code == 0, result.err
    assert tracked("m.json") == FIRST_SHOT
    said = re.search(r"tam: object 1 may be at .*: --box (\S+@\d+), or --across-cuts auto", result.err)
    assert said, result.err
    again = tam("track", cut_clip, "--click", "40,40", "--box", said[1], "-o", "again.json")
    assert again.code == 0, again.err
    assert tracked("again.json") == FIRST_SHOT + LAST_SHOT


SURE = ("--engine", "flow", "--segmenter", "grabcut")
"""Engines that find the disc in the last shot and nothing in the middle one: what is asked is tested, not of whom."""


@pytest.mark.parametrize(("word", "frames"), [("stop", FIRST_SHOT), ("auto", FIRST_SHOT + LAST_SHOT)])
def test_across_cuts_without_asking(tam: Tam, cut_clip: Path, word: str, frames: list[int]) -> None:
    result = tam("track", cut_clip, "--click", "40,40", *SURE, "--across-cuts", word, "-o", "m.json")
    assert result.code == 0, result.err
    assert tracked("m.json") == frames
    assert "may be at" not in result.err


@pytest.mark.parametrize(("answer", "frames"), [("n", FIRST_SHOT), ("y", FIRST_SHOT + LAST_SHOT)])
def test_a_person_at_a_terminal_is_asked(
    tam: Tam, cut_clip: Path, monkeypatch: pytest.MonkeyPatch, answer: str, frames: list[int]
) -> None:
    monkeypatch.setattr("plugin.cuts.at_a_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO(answer + "\n"))
    result = tam("track", cut_clip, "--click", "40,40", *SURE, "-o", "m.json")
    assert result.code == 0, result.err
    assert "Follow it there?" in result.err + result.out
    assert tracked("m.json") == frames


def test_frames_of_other_shots_are_blank_masks_and_no_holes(tam: Tam, cut_clip: Path) -> None:
    assert tam("track", cut_clip, "--click", "40,40", "-o", "masks").code == 0
    assert len(list(Path("masks").iterdir())) == 24
    (found,) = read_davis(Path("masks"))
    assert found.visible_frames == FIRST_SHOT
    result = tam("remove", cut_clip, "--click", "40,40", "--codec", "ffv1", "-o", "clean.mkv")
    assert result.code == 0, result.err
    before, after = open_video(cut_clip), open_video("clean.mkv")
    assert [np.array_equal(before.read(i).pixels, after.read(i).pixels) for i in (0, 8, 16, 23)] == [False] + [True] * 3


def mistakes() -> list[tuple[str, list[str], int, list[str]]]:
    click = ["--click", "30,60"]
    return [
        ("no such file", ["track", "none.mp4", *click, "-o", "m"], 2, ["none.mp4"]),
        ("not a video", ["track", "NOTES", *click, "-o", "m"], 1, ["notes.txt", "not a video"]),
        ("no prompt", ["track", "CLIP", "-o", "m"], 2, ["--click"]),
        ("click outside the frame", ["track", "CLIP", "--click", "900,60", "-o", "m"], 2, ["(900, 60)", "160x120"]),
        ("box outside", ["track", "CLIP", "--box", "500,500,600,600", "-o", "m"], 2, ["outside", "160x120"]),
        ("click that is no click", ["track", "CLIP", "--click", "left", "-o", "m"], 2, ["left", "X,Y"]),
        ("frame beyond the end", ["track", "CLIP", "--click", "30,60@99", "-o", "m"], 2, ["frame 99", "12 frames"]),
        ("range beyond the end", ["track", "CLIP", *click, "--stop", "99", "-o", "m"], 2, ["99", "12 frames"]),
        ("range upside down", ["track", "CLIP", *click, "--start", "5", "--stop", "3", "-o", "m"], 2, ["5 to 3"]),
        ("prompt outside the range", ["track", "CLIP", *click, "--start", "5", "-o", "m"], 2, ["nothing to track"]),
        ("only negative clicks", ["track", "CLIP", "--not", "30,60", "-o", "m"], 2, ["positive"]),
        ("mask of another size", ["track", "CLIP", "--mask", "SMALL", "-o", "m"], 2, ["8x6", "160x120"]),
        ("empty mask", ["track", "CLIP", "--mask", "EMPTY", "-o", "m"], 2, ["empty.png", "empty"]),
        ("mask that is no picture", ["track", "CLIP", "--mask", "NOTES", "-o", "m"], 1, ["notes.txt", "not a picture"]),
        ("no such mask", ["track", "CLIP", "--mask", "none.png", "-o", "m"], 2, ["none.png"]),
        ("masks of another size", ["remove", "CLIP", "--masks", "SMALLS", "-o", "x.mp4"], 1, ["8x6", "160x120"]),
        ("object never visible", ["remove", "CLIP", "--masks", "EMPTIES", "-o", "x.mp4"], 1, ["nothing to remove"]),
        ("no such masks", ["remove", "CLIP", "--masks", "none", "-o", "x.mp4"], 2, ["none"]),
        ("masks and prompts", ["remove", "CLIP", "--masks", "EMPTIES", *click, "-o", "x.mp4"], 2, ["not both"]),
        ("folder not there", ["track", "CLIP", *click, "-o", "a/b/m.json"], 1, ["no folder", "a/b"]),
        ("folder not writable", ["track", "CLIP", *click, "-o", "/proc/m.json"], 1, ["/proc/m.json"]),
        ("folder is a file", ["track", "CLIP", *click, "-o", "NOTES/m.json"], 1, ["m.json"]),
        ("output is the input", ["remove", "CLIP", *click, "-o", "CLIP"], 2, ["another name"]),
        ("output folder with other files", ["track", "CLIP", *click, "-o", "OTHERS"], 1, ["thesis.doc"]),
        ("output is the masks", ["remove", "CLIP", "--masks", "EMPTIES", "-o", "EMPTIES"], 2, ["another name"]),
        (
            "receipt is the source",
            ["remove", "CLIP", "--masks", "EMPTIES", "-o", "x.mkv", "--receipt", "CLIP"],
            2,
            ["another name"],
        ),
        (
            "receipt is the result",
            ["remove", "CLIP", "--masks", "EMPTIES", "-o", "x.mkv", "--receipt", "x.mkv"],
            2,
            ["another name"],
        ),
        (
            "provenance in the result",
            ["remove", "CLIP", "--masks", "EMPTIES", "-o", "out", "--provenance", "out/from"],
            2,
            ["another name"],
        ),
        (
            "replacement is the result",
            ["replace", "CLIP", "--masks", "EMPTIES", "--with", "NOTES", "-o", "NOTES", "--codec", "ffv1"],
            2,
            ["another name"],
        ),
        ("output file is a folder", ["track", "CLIP", *click, "-o", "OTHERS.json"], 1, ["is a folder"]),
        ("unknown ending", ["remove", "CLIP", *click, "-o", "x.docx"], 2, [".docx", ".mp4"]),
        ("unknown codec", ["remove", "CLIP", *click, "--codec", "h246", "-o", "x.mp4"], 2, ["h246", "h264"]),
        ("unknown engine", ["track", "CLIP", *click, "--engine", "flwo", "-o", "m"], 2, ["did you mean 'flow'"]),
        ("unknown segmenter", ["track", "CLIP", *click, "--segmenter", "x", "-o", "m"], 2, ["grabcut"]),
        ("unknown way over cuts", ["track", "CLIP", *click, "--across-cuts", "x", "-o", "m"], 2, ["ask, auto, stop"]),
        ("unknown inpainter", ["remove", "CLIP", *click, "--inpainter", "plat", "-o", "x.mp4"], 2, ["'plate'"]),
        (
            "engine not downloaded",
            ["track", "CLIP", *click, "--segmenter", "sam-vit-b", "-o", "m"],
            1,
            ["sam-vit-b", "375 MB", "Apache-2.0", "tam engines fetch sam-vit-b"],
        ),
        ("nothing to fetch", ["engines", "fetch", "flow"], 2, ["flow", "sam-vit-b"]),
        ("unknown option", ["track", "CLIP", "--klick", "3,4", "-o", "m"], 2, ["--klick"]),
        ("no output", ["track", "CLIP", *click], 2, ["-o"]),
        ("unknown command", ["trakc"], 2, ["trakc"]),
    ]


@pytest.mark.parametrize(("name", "arguments", "code", "says"), mistakes(), ids=[m[0] for m in mistakes()])
def test_mistake(
    tam: Tam, clip: Path, tmp_path: Path, name: str, arguments: list[str], code: int, says: list[str]
) -> None:
    (tmp_path / "notes.txt").write_text("milk, eggs")
    for folder, size, value in (("smalls", (6, 8), 1), ("empties", (HEIGHT, WIDTH), 0)):
        (tmp_path / folder).mkdir()
        Image.fromarray(np.full(size, value, np.uint8)).save(tmp_path / folder / "00000.png")
    places = {
        "CLIP": str(clip),
        "NOTES": "notes.txt",
        "SMALL": "smalls/00000.png",
        "SMALLS": "smalls",
        "EMPTIES": "empties",
        "OTHERS": "others",
        "OTHERS.json": "others.json",
    }
    (tmp_path / "others").mkdir()
    (tmp_path / "others/thesis.doc").write_text("years of work")
    (tmp_path / "others.json").mkdir()
    Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8)).save(tmp_path / "empty.png")
    places["EMPTY"] = "empty.png"
    before = sorted(tmp_path.rglob("*"))
    filled = []
    for argument in arguments:
        head, slash, rest = argument.partition("/")
        filled.append(places[head] + slash + rest if head in places else argument)
    result = tam(*filled)
    assert result.code == code, result
    assert result.out == ""
    lines = result.err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("tam: error: "), result.err
    for word in says:
        assert word in lines[0]
    assert sorted(tmp_path.rglob("*")) == before, "nothing is left behind"


def test_debug_shows_the_traceback(tam: Tam) -> None:
    from tam_core.errors import SourceNotFoundError

    with pytest.raises((SourceNotFoundError, AssertionError)):
        tam("--debug", "track", "none.mp4", "--click", "1,1", "-o", "m")


def test_full_disk_is_said_and_leaves_nothing(tam: Tam, clip: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        result = tam("remove", clip, "--click", "30,60", "--codec", "ffv1", "-o", small / "x.mkv")
        assert result.code == 1
        assert "disk is full" in result.err, result.err
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def start(*arguments: object) -> "subprocess.Popen[str]":
    """Begin a command that hears Ctrl-C, also when the tests themselves run in the background and do not."""
    program = [sys.executable, "-c", "from plugin.cli import main; main()", *map(str, arguments)]
    hear = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(
        program, text=True, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hear
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cancelling_leaves_no_broken_file(tmp_path: Path, number: signal.Signals) -> None:
    frames = np.concatenate([crossing(40).frames] * 3)
    write_video(ArraySource(frames).frames(), tmp_path / "long.mp4", rate=Fraction(24))
    (tmp_path / "clean.mkv").write_text("an older result")
    words = ("--click", "30,60", "--engine", "flow", "--segmenter", "grabcut")
    running = start("remove", tmp_path / "long.mp4", *words, "-o", tmp_path / "clean.mkv")
    deadline = time.monotonic() + 120
    while not any(path.stat().st_size for path in tmp_path.glob(".clean*.part.mkv")):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline, "it never began to write"
        time.sleep(0.1)
    os.kill(running.pid, number)
    _, err = running.communicate(timeout=60)
    assert running.returncode in (130, 143), err
    assert "Traceback" not in err
    assert (tmp_path / "clean.mkv").read_text() == "an older result"
    assert no_traces(tmp_path)


@pytest.mark.parametrize("error", [RuntimeError("release unlocked lock"), OutputError("the disk is full")])
def test_what_goes_wrong_because_of_ctrl_c_is_a_cancellation(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(**_: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise error

    monkeypatch.setattr(cli, "app", interrupted)
    with pytest.raises(SystemExit) as exit:
        cli.main([])
    assert exit.value.code == 130
    assert "cancelled" in capsys.readouterr().err


def test_help_and_engines_answer_without_loading_networks() -> None:
    for arguments in (["--help"], ["engines"]):
        program = (
            "import sys\nfrom plugin.cli import main\n"
            f"try: main({arguments!r})\n"
            "finally: print([m for m in ('torch', 'cv2', 'av', 'numpy') if m in sys.modules], file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stderr.strip() == "[]"
