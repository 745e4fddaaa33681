"""A person's labelled videos: where they are found, clips of them, and what is said of data that is half there."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tam_core import rle
from tam_core.errors import MaskletError, SourceNotFoundError
from tam_core.formats.davis import write_davis
from tam_core.formats.masklet_json import write_masklets
from tam_core.masklet import Masklet
from tam_core.training.masklets import LabelledVideo, MaskletClip, draw_clip, find_labelled_videos
from tam_core.video import VideoInfo
from tests.media import make_video
from tests.scenes import HEIGHT, WIDTH, Scene, disc_scene


def scene(count: int = 6) -> Scene:
    """A large disc that moves to the right."""
    return disc_scene(lambda index: (45 + 12 * index, 60), count, radius=28)


def davis_folder(folder: Path, one: Scene) -> Path:
    """The scene as DAVIS lays it out."""
    pictures, masks = folder / "JPEGImages/480p/disc", folder / "Annotations/480p/disc"
    pictures.mkdir(parents=True)
    masks.parent.mkdir(parents=True)
    for index, frame in enumerate(one.frames):
        cv2.imwrite(str(pictures / f"{index:05d}.png"), frame[..., ::-1])
    write_davis([masklet(one)], masks, range(len(one.frames)))
    return folder


def masklet(one: Scene, object_id: int = 1) -> Masklet:
    codes = {index: rle.encode(mask) for index, mask in enumerate(one.masks)}
    return Masklet(object_id, (HEIGHT, WIDTH), codes, dict.fromkeys(codes, 1.0))


def file_folder(folder: Path, one: Scene, as_json: bool) -> Path:
    """The scene as a video beside what ``tam track`` writes."""
    make_video(folder / "disc.mp4", one.frames, options={"crf": "5"})
    if as_json:
        write_masklets([masklet(one)], folder / "disc.json", VideoInfo(WIDTH, HEIGHT, Fraction(25)))
    else:
        write_davis([masklet(one)], folder / "disc", range(len(one.frames)))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return davis_folder(tmp_path_factory.mktemp("data"), scene())


@pytest.mark.parametrize("layout", ["davis", "json", "masks"])
def test_clips_show_the_frames_with_their_masks(layout: str, tmp_path: Path) -> None:
    one = scene()
    folder = davis_folder(tmp_path, one) if layout == "davis" else file_folder(tmp_path, one, layout == "json")
    (video,) = find_labelled_videos(folder)
    clip = video.clip([4, 1], [1])
    assert np.array_equal(clip.masks[:, 0], one.masks[[4, 1]])
    assert np.abs(clip.frames.astype(int) - one.frames[[4, 1]]).mean() < (0.01 if layout == "davis" else 8)


def test_a_mask_belongs_to_the_picture_of_its_name(tmp_path: Path) -> None:
    """As in YouTube-VOS, where every fifth picture has a mask."""
    folder, one = davis_folder(tmp_path, scene()), scene()
    for index in (1, 2, 4, 5):
        (folder / f"Annotations/480p/disc/{index:05d}.png").unlink()
    (folder / "JPEGImages/480p/disc/00002.png").unlink()
    (video,) = find_labelled_videos(folder)
    assert video.labels.frames == [0, 2]
    clip = video.clip([2], [1])
    assert np.array_equal(clip.frames[0], one.frames[3])
    assert np.array_equal(clip.masks[0, 0], one.masks[3])


def test_a_clip_is_a_window_forwards_or_backwards_and_mirrored_or_not(data: Path) -> None:
    videos, one = find_labelled_videos(data), scene()
    kinds = set()
    for seed in range(30):
        clip = draw_clip(videos, np.random.default_rng(seed), 3, 3)
        mirrored = not any(np.array_equal(clip.frames[0], frame) for frame in one.frames)
        seen = clip.mirrored() if mirrored else clip
        times = [next(t for t, frame in enumerate(one.frames) if np.array_equal(frame, f)) for f in seen.frames]
        assert np.array_equal(seen.masks[:, 0], one.masks[times])
        assert times[2] - times[1] == times[1] - times[0] != 0
        kinds.add((mirrored, times[1] - times[0]))
    assert {mirrored for mirrored, _ in kinds} == {True, False}
    assert {step for _, step in kinds} >= {-1, 1, -2, 2}


def test_a_video_that_is_too_short_goes_forth_and_back(data: Path) -> None:
    clip = draw_clip(find_labelled_videos(data), np.random.default_rng(0), 8, 3)
    assert clip.frames.shape == (8, HEIGHT, WIDTH, 3)
    assert clip.masks.shape == (8, 1, HEIGHT, WIDTH)


def test_an_object_takes_part_when_the_first_frame_of_the_clip_shows_it(tmp_path: Path) -> None:
    late = masklet(scene(), 2)
    empty = rle.encode(np.zeros((HEIGHT, WIDTH), bool))
    late = Masklet(2, late.size, {frame: empty if frame < 3 else code for frame, code in late.rles.items()})
    folder = file_folder(tmp_path, scene(), as_json=True)
    write_masklets([masklet(scene()), late], folder / "disc.json", VideoInfo(WIDTH, HEIGHT, Fraction(25)))
    clips = [draw_clip(find_labelled_videos(folder), np.random.default_rng(seed), 3, 3) for seed in range(12)]
    assert {clip.masks.shape[1] for clip in clips} == {1, 2}
    assert all(clip.masks[0].any((1, 2)).all() for clip in clips)


def test_a_clip_mirrors_pictures_and_masks_alike() -> None:
    one = scene(2)
    mirrored = MaskletClip(one.frames, one.masks[:, None]).mirrored()
    assert np.array_equal(mirrored.frames, one.frames[:, :, ::-1])
    assert np.array_equal(mirrored.masks[:, 0], one.masks[:, :, ::-1])


# What cannot be done


def without_masks(folder: Path) -> None:
    for path in folder.glob("Annotations/480p/disc/*"):
        path.unlink()


def without_a_picture(folder: Path) -> None:
    (folder / "JPEGImages/480p/disc/00003.png").unlink()


def with_smaller_masks(folder: Path) -> None:
    small = Masklet(1, (60, 80), {0: rle.encode(np.ones((60, 80), bool))})
    write_davis([small], folder / "Annotations/480p/disc", range(6))


def with_a_lone_video(folder: Path) -> None:
    make_video(folder / "alone.mp4", scene(2).frames)


def with_lone_masklets(folder: Path) -> None:
    write_masklets([masklet(scene())], folder / "alone.json", VideoInfo(WIDTH, HEIGHT, Fraction(25)))


def with_another_video(folder: Path) -> None:
    file_folder(folder, scene(), as_json=True)
    make_video(folder / "disc.mp4", scene(2).frames)


def with_masklets_of_nothing(folder: Path) -> None:
    file_folder(folder, scene(), as_json=True)
    write_masklets([], folder / "disc.json", VideoInfo(WIDTH, HEIGHT, Fraction(25)))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without_masks, "has no masks: PNG files"),
        (without_a_picture, "00003.png is the mask of no picture"),
        (with_smaller_masks, "frame 0 is 160x120, its mask 80x60"),
        (with_a_lone_video, "alone.mp4 has no masklets: put alone.json"),
        (with_lone_masklets, "alone.json has no video beside it"),
        (with_another_video, "has 2 frames, but a mask for frame 5"),
        (with_masklets_of_nothing, "no frame of .* has masks of all its objects"),
    ],
)
def test_data_that_is_half_there_is_named(spoil: object, words: str, tmp_path: Path) -> None:
    folder = davis_folder(tmp_path, scene())
    assert callable(spoil)
    spoil(folder)
    with pytest.raises(MaskletError, match=words):
        find_labelled_videos(folder)


def test_an_empty_folder_and_none_at_all_are_named(tmp_path: Path) -> None:
    with pytest.raises(MaskletError, match="has no labelled videos"):
        find_labelled_videos(tmp_path)
    with pytest.raises(SourceNotFoundError, match="no folder"):
        find_labelled_videos(tmp_path / "nowhere")


def test_clips_without_an_object_end_in_an_error(tmp_path: Path) -> None:
    class Nothing:
        frames = (0, 1, 2)

        def masks(self, frame: int) -> dict[int, np.ndarray]:
            return {1: np.zeros((4, 4), bool)}

    with pytest.raises(MaskletError, match="no object covers"):
        draw_clip([LabelledVideo(tmp_path, Nothing())], np.random.default_rng(0), 3, 3)
