"""A clip of a timeline gets edited media; the rest of the timeline, and what each frame shows, stay."""

import json
import shutil
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import opentimelineio as otio
import pytest
from PIL import Image

from plugin.timeline.clips import exact_rate, seconds, timecode
from plugin.timeline.media import Media
from tam_core.formats.davis import write_davis
from tam_core.masklet import Masklet
from tam_core.rle import encode
from tam_core.video import ArraySource, VideoInfo, open_video, write_video
from tests.command_line import COUNT, Tam
from tests.scenes import crossing, disc

RATE = 24.0
HOUR = 86400
"""Frames: the media's time code begins at 01:00:00:00."""


def moment(frames: float, rate: float = RATE) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(frames, rate)


def span(start: float, count: float, rate: float = RATE) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(moment(start, rate), moment(count, rate))


@pytest.fixture
def footage(tmp_path: Path, clip: Path) -> Path:
    """The disc's clip beside the timelines."""
    return Path(shutil.copy(clip, tmp_path / "disc one.mkv"))


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """The true masks of every frame of the media."""
    truth = dict(enumerate(map(encode, crossing(COUNT).masks)))
    write_davis([Masklet(1, truth[0].size, truth, dict.fromkeys(truth, 1.0))], tmp_path / "masks", range(COUNT))
    return tmp_path / "masks"


def centre(frame: int) -> int:
    """Where the disc is, x."""
    return round(30 + 100 * frame / (COUNT - 1))


def reference(media: Path, start: float = HOUR, count: float = COUNT) -> Any:
    return otio.schema.ExternalReference(media.resolve().as_uri(), span(start, count), {"Resolve": {"id": "7b1"}})


def shot(name: str, media: Any, start: float, count: float) -> Any:
    made = otio.schema.Clip(name, media, span(start, count), metadata={"cmx": {"reel": "A001"}})
    made.markers.append(otio.schema.Marker("look", span(start + 1, 1), "RED", {"note": "here"}))
    made.effects.append(otio.schema.Effect("grade", "Lift", {"value": 0.25}))
    return made


def story(media: Path) -> Any:
    """Two clips of the same media around a transition, one more in a nested stack, gaps, and their sound."""
    before, after = shot("before", reference(media), HOUR, 4), shot("after", reference(media), HOUR + 5, 3)
    inner = otio.schema.Track(
        "inner", [otio.schema.Gap(source_range=span(0, 2)), shot("deep", reference(media), HOUR + 6, 3)]
    )
    nested = otio.schema.Stack("nested", [inner], source_range=span(1, 4))
    pictures = otio.schema.Track("V1", [
        otio.schema.Gap(source_range=span(0, 10)),
        before,
        otio.schema.Transition("fade", "SMPTE_Dissolve", moment(2), moment(1)),
        after,
        nested,
    ])  # fmt: skip
    sound = otio.schema.Track("A1", [shot("before", reference(media), HOUR, 4)], kind=otio.schema.TrackKind.Audio)
    made = otio.schema.Timeline("story", global_start_time=moment(0), metadata={"project": {"id": 12, "big": 2**40}})
    made.tracks.extend([pictures, sound])
    return made


def save(made: Any, path: str = "in.otio") -> Any:
    otio.adapters.write_to_file(made, path)
    return made


def find(root: Any, name: str) -> Any:
    return next(one for one in root.find_clips() if one.name == name)


def edited(tam: Tam, *arguments: object, clip: str, output: str = "out.otio") -> Any:
    """The new timeline."""
    said = tam("timeline", "in.otio", "-o", output, "--clip", clip, *arguments)
    assert said.code == 0, said.err
    return otio.adapters.read_from_file(output)


def media_path(one: Any) -> Path:
    return Path(otio.url_utils.filepath_from_url(one.media_reference.target_url))


def assert_nothing_else_changed(old: Any, new: Any, clip: str) -> None:
    """All that differs is the clip's reference, in which the old one is kept."""
    one, before = find(new, clip), find(old, clip).media_reference
    assert one.media_reference.metadata["tam-studio"]["original"].is_equivalent_to(before)
    one.media_reference = before.deepcopy()
    assert json.loads(new.to_json_string()) == json.loads(old.to_json_string())


def test_only_the_chosen_clips_media_changes(tam: Tam, footage: Path, masks: Path) -> None:
    old = save(story(footage))
    new = edited(tam, "--masks", masks, "--codec", "ffv1", "--handles", 0, clip="after")
    changed = find(new, "after").media_reference
    # the clip shows frames 5, 6 and 7, and the transition two frames before them
    assert (changed.available_range.start_time.value, changed.available_range.duration.value) == (HOUR + 3, 5)
    assert media_path(find(new, "after")).name == "out-after-removed.mkv"
    result, source = open_video(media_path(find(new, "after"))), open_video(footage)
    assert result.info.frame_count == 5 and result.info.rate == 24
    for index in range(5):
        away = ~disc(centre(index + 3), 60, 16 + 6)  # the radius, and what the hole is grown by
        before, now = source.read(index + 3).pixels, result.read(index).pixels
        assert np.array_equal(now[away], before[away])
        hole = crossing(COUNT).masks[index + 3]
        assert np.abs(now[hole].astype(int) - crossing(COUNT).background[0][hole]).mean() < 25
    assert_nothing_else_changed(old, new, "after")


def test_a_clip_in_a_nested_stack_is_followed_from_a_click_on_its_own_first_frame(tam: Tam, footage: Path) -> None:
    old = save(story(footage))
    engines = ("--engine", "flow", "--segmenter", "grabcut")
    new = edited(tam, "--click", f"{centre(6)},60", *engines, "--edit", "matte", "--handles", 2, clip="deep")
    one = find(new, "deep")
    assert one.media_reference.available_range == span(HOUR + 4, 7)
    with av.open(str(media_path(one))) as file:
        assert str(file.streams.video[0].codec_context.pix_fmt).startswith("yuva444p1")
        pictures = [frame.to_ndarray(format="rgba") for frame in file.decode(video=0)]
    assert len(pictures) == 7
    for index, picture in enumerate(pictures):
        truth = crossing(COUNT).masks[index + 4]
        found = picture[..., 3] > 127
        assert (found & truth).sum() / (found | truth).sum() > 0.8, f"frame {index + 4}"
    assert_nothing_else_changed(old, new, "deep")


def test_a_movie_begins_at_the_media_s_time_code(tam: Tam, footage: Path, masks: Path) -> None:
    save(story(footage))
    new = edited(tam, "--masks", masks, "--handles", 1, clip="after")
    path = media_path(find(new, "after"))
    with av.open(str(path)) as file:
        told = {stream.metadata.get("timecode") for stream in file.streams} - {None}
        shown = [frame.time for frame in file.decode(video=0)]
    assert path.suffix == ".mov" and told == {"01:00:00:03"}
    assert shown == pytest.approx([index / 24 for index in range(6)], abs=0.001)  # the clip is Matroska, which rounds


def test_pictures_are_replaced_by_pictures(tam: Tam, tmp_path: Path, masks: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for index, pixels in enumerate(crossing(COUNT).frames):
        Image.fromarray(pixels).save(folder / f"a.{1001 + index}.png")
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(folder / "poster.png")  # not of the sequence, and smaller
    pictures = otio.schema.ImageSequenceReference(
        "frames/", "a.", ".png", 1001, 1, RATE, 4, available_range=span(1001, COUNT)
    )
    old = otio.schema.Timeline("pictures")
    old.tracks.append(otio.schema.Track("V1", [shot("plates", pictures, 1004, 4)]))
    save(old)
    new = edited(tam, "--masks", masks, "--handles", 1, clip="plates")
    changed = find(new, "plates").media_reference
    assert changed.available_range == span(1003, 6) and changed.target_url_base == "out-plates-removed/"
    names = [
        Path(changed.target_url_for_image_number(index)) for index in range(changed.number_of_images_in_sequence())
    ]
    assert names == sorted(Path("out-plates-removed").iterdir())
    for index, name in enumerate(names):
        same = (np.asarray(Image.open(name)) == crossing(COUNT).frames[2 + index]).all(2)
        assert same.mean() > 0.8 and not same[crossing(COUNT).masks[2 + index]].all()
    assert_nothing_else_changed(old, new, "plates")


def test_rates_of_the_timeline_and_the_media_may_differ(tam: Tam, tmp_path: Path, masks: Path) -> None:
    exact = Fraction(24000, 1001)
    write_video(ArraySource(crossing(COUNT).frames, exact).frames(), tmp_path / "ntsc.mov", rate=exact, codec="h264")
    media = otio.schema.ExternalReference("ntsc.mov", span(0, COUNT, float(exact)))
    cut = otio.schema.Clip(
        "ntsc", media, span(5 / 23.976 * 25, 5, 25.0)
    )  # five frames in, counted in 25ths of a second
    old = otio.schema.Timeline("rates")
    old.tracks.append(otio.schema.Track("V1", [cut]))
    save(old)
    new = edited(tam, "--masks", masks, "--handles", 0, clip="ntsc")
    changed = find(new, "ntsc").media_reference
    assert changed.available_range == span(5, 5, float(exact)) and changed.target_url == "out-ntsc-removed.mov"
    assert open_video(tmp_path / changed.target_url).info.rate == exact
    assert_nothing_else_changed(old, new, "ntsc")


def test_names_that_are_taken_are_left_alone(tam: Tam, footage: Path, masks: Path) -> None:
    save(story(footage))
    Path("out-before-removed.mkv").write_bytes(b"somebody's")
    new = edited(tam, "--masks", masks, "--codec", "ffv1", clip="#1")
    assert media_path(find(new, "before")).name == "out-before-removed-2.mkv"
    assert Path("out-before-removed.mkv").read_bytes() == b"somebody's"


def test_other_media_of_the_same_clip_stay(tam: Tam, footage: Path, masks: Path) -> None:
    old = story(footage)
    proxy = otio.schema.ExternalReference("proxy.mov", span(HOUR, COUNT))
    find(old, "after").set_media_references({"full": reference(footage), "proxy": proxy}, "full")
    save(old)
    new = find(edited(tam, "--masks", masks, "--codec", "ffv1", clip="after"), "after")
    assert new.active_media_reference_key == "full" and new.media_references()["proxy"].is_equivalent_to(proxy)
    assert new.media_references()["full"].target_url.endswith("out-after-removed.mkv")


def test_a_retimed_clip_is_edited_whole_or_not_at_all(tam: Tam, footage: Path, masks: Path) -> None:
    old = story(footage)
    find(old, "after").effects.append(otio.schema.LinearTimeWarp("fast", time_scalar=2.0))
    save(old)
    said = tam("timeline", "in.otio", "-o", "out.otio", "--clip", "after", "--masks", masks)
    assert said.code == 1 and "'after' is retimed (LinearTimeWarp 'fast')" in said.err and "--whole" in said.err
    assert not Path("out.otio").exists()
    new = edited(tam, "--masks", masks, "--codec", "ffv1", "--whole", clip="after")
    assert find(new, "after").media_reference.available_range == span(HOUR, COUNT)
    assert_nothing_else_changed(old, new, "after")


def refused(tam: Tam, *arguments: object) -> str:
    """The message, after which there is nothing new."""
    before = sorted(Path.cwd().rglob("*"))
    said = tam("timeline", "in.otio", "-o", "out.otio", "--click", "30,60", *arguments)
    assert said.code in (1, 2) and "fault of tam-studio" not in said.err
    assert sorted(Path.cwd().rglob("*")) == before
    return said.err


def test_the_clip_has_to_be_clear(tam: Tam, footage: Path) -> None:
    made = story(footage)
    made.tracks[0].append(shot("deep", reference(footage), HOUR, 2))
    save(made)
    assert "has 4 clips; say which by number, such as --clip '#2': #1 'before', #2 'after'" in refused(tam)
    assert "'deep' is the name of 2 clips; say which by number" in refused(tam, "--clip", "deep")
    assert "did you mean 'before'?" in refused(tam, "--clip", "befor")


@pytest.mark.parametrize(
    ("media", "message"),
    [
        (otio.schema.MissingReference(), "has no media: relink it"),
        (otio.schema.GeneratorReference("bars", "SMPTEBars", span(0, 9)), "media of the kind GeneratorReference"),
        (otio.schema.ExternalReference("gone.mov", span(0, 9)), "the media of clip 'lost' is missing"),
        (otio.schema.ExternalReference("https://elsewhere.example/a.mov", span(0, 9)), "is not on this machine"),
        (otio.schema.ExternalReference("in.otio", span(0, 9)), "in.otio"),
        (otio.schema.ImageSequenceReference("gone/", "a", ".png", 1, 1, RATE, 4, available_range=span(1, 9)), "9 of 9"),
        (otio.schema.ImageSequenceReference("gone/", "a", ".png", 1, 1, RATE, 4), "does not say how long it is"),
    ],
    ids=["offline", "generator", "missing", "remote", "not a video", "missing pictures", "endless"],
)
def test_media_that_cannot_be_edited_are_named(tam: Tam, media: Any, message: str) -> None:
    made = otio.schema.Timeline("lost")
    made.tracks.append(otio.schema.Track("V1", [shot("lost", media, 0, 5)]))
    save(made)
    assert message in refused(tam)


def test_a_clip_that_shows_none_of_its_media_is_refused(tam: Tam, footage: Path) -> None:
    made = otio.schema.Timeline("elsewhere")
    media = otio.schema.ExternalReference(footage.resolve().as_uri())
    made.tracks.append(otio.schema.Track("V1", [shot("far", media, HOUR, 5)]))
    save(made)
    assert "its reference does not say where its time begins" in refused(tam)


def test_timelines_that_cannot_be_used_are_named(tam: Tam, footage: Path, tmp_path: Path) -> None:
    assert "no such timeline: in.otio" in refused(tam)
    Path("in.otio").write_text("{ not json")
    assert "in.otio cannot be read as a timeline" in refused(tam)
    Path("in.otio").write_text(otio.adapters.write_to_string(footage_marker()))
    assert "in.otio holds a Marker, not a timeline" in refused(tam)
    save(story(footage))
    (tmp_path / "elsewhere").mkdir()
    said = tam("timeline", "in.otio", "-o", "out.unknown", "--clip", "after", "--click", "1,1")
    assert said.code == 1 and "no OpenTimelineIO adapter for '.unknown'" in said.err and "otio-aaf-adapter" in said.err
    assert tam("timeline", "in.otio", "-o", "in.otio", "--clip", "after").code == 2
    assert "no edit is named 'paint'; there are: remove, matte" in refused(tam, "--edit", "paint")


def footage_marker() -> Any:
    return otio.schema.Marker("alone", span(0, 1))


def test_media_named_from_the_timelines_folder_keep_the_result_there(tam: Tam, footage: Path, masks: Path) -> None:
    made = story(footage)
    find(made, "before").media_reference.target_url = footage.name
    save(made)
    Path("elsewhere").mkdir()
    said = tam("timeline", "in.otio", "-o", "elsewhere/out.otio", "--clip", "before", "--masks", masks)
    assert said.code == 1 and f"'{footage.name}'" in said.err and "write the result beside it" in said.err
    new = edited(tam, "--masks", masks, "--codec", "ffv1", clip="before")
    assert find(new, "before").media_reference.target_url == "out-before-removed.mkv"


def test_without_the_package_it_says_how_to_get_it(tam: Tam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = tam("timeline", "in.otio", "-o", "out.otio", "--click", "1,1")
    assert said.code == 1 and "pip install opentimelineio" in said.err


@pytest.mark.parametrize(
    ("begin", "end", "frames"),
    [
        (0, 0.3, range(3)),
        (0.15, 0.5, range(1, 3)),
        (0.5, 0.6, range(2, 3)),
        (0.9, 9, range(3, 5)),
        (-1, 0.05, range(1)),
    ],
)
def test_frames_are_found_by_their_own_times(begin: float, end: float, frames: range) -> None:
    times = tuple(Fraction(hundredths, 100) for hundredths in (700, 710, 720, 790, 795))  # not even, and not from 0
    info = VideoInfo(width=8, height=8, rate=Fraction(5), times=times)
    media = Media(otio.schema.ExternalReference(), Path("phone.mp4"), SimpleNamespace(info=info), Fraction(3600))
    assert media.frames(3600 + Fraction(begin), 3600 + Fraction(end)) == frames
    assert media.time_of(2) == 3600 + Fraction(1, 5)


def test_time_codes_drop_frames_where_that_is_usual() -> None:
    ntsc = Fraction(30000, 1001)
    assert timecode(Fraction(107892) / ntsc, ntsc) == "01:00:00;00"
    assert timecode(Fraction(61), Fraction(25)) == "00:01:01:00"
    assert timecode(Fraction(0), ntsc) is None and timecode(Fraction(1, 100), Fraction(25)) is None


@pytest.mark.parametrize(
    ("rate", "exact"),
    [(24.0, Fraction(24)), (23.976, Fraction(24000, 1001)), (23.98, Fraction(24000, 1001)), (25.0, Fraction(25)),
     (29.97002997002997, Fraction(30000, 1001)), (59.94, Fraction(60000, 1001)), (12.5, Fraction(25, 2))],
)  # fmt: skip
def test_rates_are_exact(rate: float, exact: Fraction) -> None:
    assert exact_rate(rate) == exact
    assert seconds(moment(1001, rate)) == 1001 / exact
