"""Training clips from a library of a few drawn pictures: every label exact, every clip repeatable."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tam_core.errors import RequestError, SourceNotFoundError
from tam_core.training.clip import Clip, ClipMix, make_clip
from tam_core.training.degrade import degraded
from tam_core.training.drawing import Actor, draw
from tam_core.training.library import LabelledVideo, Library, Picture, load_library
from tam_core.training.scenes import pasted_scene
from tam_core.training.sprites import Sprite, lit_like, shadow_of, sprite_of
from tam_core.training.stills import moved_still
from tam_core.training.trajectories import Liveliness, Trajectory, bounced, there_and_back, wandering
from tam_core.training.videos import video_window
from tam_core.video.pictures import write_picture

SIZE = (80, 144)
KINDS = {"pasted": ClipMix(1, 0, 0), "still": ClipMix(0, 1, 0), "video": ClipMix(0, 0, 1)}


def drawn_picture(seed: int, size: tuple[int, int] = (120, 160)) -> tuple[np.ndarray, np.ndarray]:
    """A soft photograph with a disc (1), a square (2) and a strip that nobody labelled (255)."""
    rng = np.random.default_rng(seed)
    image = cv2.resize(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8), size[::-1])
    labels = np.zeros(size, np.uint8)
    cv2.circle(labels, (50, 50), 25, 1, -1)
    cv2.rectangle(labels, (100, 60), (130, 95), 2, -1)
    cv2.rectangle(labels, (80, 20), (90, 40), 255, -1)
    image[labels == 1], image[labels == 2] = rng.integers(0, 256, (2, 3))
    return image, labels


def write_folder(folder: Path) -> Path:
    """The layout that load_library reads."""
    for seed, name in enumerate(("msra_one", "bsds_two")):
        image, labels = drawn_picture(seed)
        write_labelled(folder, name, image, labels)
    for sequence in ("walk", "chen-class"):
        for index in range(5):
            image, labels = drawn_picture(0)
            write_labelled(
                folder / "videos" / sequence,
                f"{index:05d}",
                np.roll(image, 4 * index, 1),
                np.roll(labels, 4 * index, 1),
            )
    write_jpeg(folder / "unlabelled" / "sky.jpg", drawn_picture(5, (200, 100))[0])
    return folder


def write_labelled(folder: Path, name: str, image: np.ndarray, labels: np.ndarray) -> None:
    write_jpeg(folder / "images" / f"{name}.jpg", image)
    (folder / "masks").mkdir(parents=True, exist_ok=True)
    write_picture(folder / "masks" / f"{name}.png", np.repeat(labels[..., None], 3, axis=2))


def write_jpeg(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".jpg", image[..., ::-1])[1].tobytes())


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return load_library(write_folder(tmp_path_factory.mktemp("train")))


def still_path(centre: tuple[float, float], length: int = 3) -> Trajectory:
    zero = np.zeros(length)
    return Trajectory(
        np.tile(np.array(centre, float), (length, 1)), zero + 1, zero, np.zeros((4, 5, 2), np.float32), zero
    )


def block(side: int, colour: int = 200) -> Sprite:
    return sprite_of(np.full((side, side, 3), colour, np.uint8), np.full((side, side), 255, np.uint8), side, side)


def painted(*actors: Actor) -> tuple[np.ndarray, np.ndarray]:
    frame, labels = np.full((*SIZE, 3), 50, np.uint8), np.zeros(SIZE, np.uint8)
    for actor in actors:
        draw(actor, 1, frame, labels)
    return frame, labels


# The library


def test_the_library_holds_what_the_folder_holds(library: Library) -> None:
    assert [video.name for video in library.videos] == ["walk"], "videos labelled by class are left out"
    assert library.videos[0].images.shape == (5, 120, 160, 3)
    assert len(library.backgrounds) == 3
    assert [picture.ids for picture in library.pictures] == [(1, 2), (1, 2)]
    assert len(library.cutouts) == 4
    assert all(cutout.alpha.max() == 255 and cutout.alpha.shape < (60, 60) for cutout in library.cutouts)


def test_pictures_are_reduced_and_their_labels_with_them(tmp_path: Path) -> None:
    library = load_library(write_folder(tmp_path), shorter_side=60)
    assert library.pictures[0].image.shape == (60, 80, 3)
    assert set(np.unique(library.pictures[0].labels)) == {0, 1, 2, 255}, "no label is made up between two"


def test_regions_along_the_borders_of_a_partition_are_scenery(tmp_path: Path) -> None:
    image, labels = drawn_picture(1)
    labels[labels == 0] = 3
    labels[:15], labels[100:] = 4, 5
    for name in ("bsds_sky", "coco_sky"):
        write_labelled(tmp_path, name, image, labels)
    partition, instances = load_library(tmp_path).pictures
    assert partition.ids == (1, 2)
    assert instances.ids == (1, 2, 3, 4, 5)


def test_a_folder_without_pictures_or_masks_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"no training pictures in .*images"):
        load_library(tmp_path)
    write_jpeg(tmp_path / "images" / "lonely.jpg", drawn_picture(0)[0])
    with pytest.raises(SourceNotFoundError, match=r"lonely\.png"):
        load_library(tmp_path)


# Any clip


@pytest.mark.parametrize("length", [1, 2, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_has_the_asked_shape_and_an_object(library: Library, kind: str, length: int) -> None:
    for seed in range(5):
        clip = make_clip(library, np.random.default_rng(seed), SIZE, length, KINDS[kind])
        assert clip.frames.shape == (length, *SIZE, 3) and clip.frames.dtype == np.uint8
        assert clip.masks.shape == (length, *SIZE) and clip.masks.dtype == np.uint8
        assert clip.objects and set(clip.objects) <= set(np.unique(clip.masks[0])) - {0, 255}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_generator_gives_the_same_clip(library: Library, kind: str) -> None:
    one, same, other = (make_clip(library, np.random.default_rng(seed), SIZE, 4, KINDS[kind]) for seed in (7, 7, 8))
    assert np.array_equal(one.frames, same.frames) and np.array_equal(one.masks, same.masks)
    assert not np.array_equal(one.frames, other.frames)


def test_objects_are_those_of_useful_size_on_the_first_frame() -> None:
    masks = np.zeros((2, 160, 288), np.uint8)
    masks[0, :10, :10], masks[0, 20:25, :10] = 1, 2
    masks[1, 50:90] = 3
    masks[0, 150:] = 255
    assert Clip(np.zeros((2, 160, 288, 3), np.uint8), masks).objects == (1,), "2 is a speck, 3 comes later, 255 is none"


def test_the_first_frame_of_a_distant_window_is_any_and_the_others_follow_each_other() -> None:
    shades = np.arange(20, dtype=np.uint8)[:, None, None, None]
    images = np.broadcast_to(10 * shades, (20, 80, 120, 3)).copy()
    video = LabelledVideo("shades", images, np.ones((20, 80, 120), np.uint8))
    library = Library((), (), (), (video,))
    windows = [video_window(library, np.random.default_rng(seed), SIZE, 4, distant=True)[0] for seed in range(60)]
    orders = np.array([frames[:, 0, 0, 0] // 10 for frames in windows], int)
    assert len(set(orders[:, 0])) > 10 and np.abs(orders[:, 1] - orders[:, 0]).max() > 10
    assert all(abs(a - b) == abs(b - c) <= 5 for _, a, b, c in orders)


def shade_of_its_own(name: str, shade: int) -> LabelledVideo:
    """Four grey frames with a square of label 1 in the middle, 80 brighter."""
    labels = np.zeros((4, 90, 160), np.uint8)
    labels[:, 30:60, 60:100] = 1
    images = shade + 80 * np.repeat(labels[..., None], 3, axis=3)
    return LabelledVideo(name, images.astype(np.uint8), labels)


def test_a_visitor_is_one_more_object_on_every_frame_that_it_is_drawn_on() -> None:
    library = Library((drawn_picture(3)[0],), (), (), (shade_of_its_own("one", 20),))
    for seed in range(20):
        alone, visited = (
            video_window(library, np.random.default_rng(seed), SIZE, 3, visited=share) for share in (0, 1)
        )
        assert not np.isin(2, alone[1])
        for frame, labels in zip(*visited, strict=True):
            assert {2} <= set(np.unique(labels)) <= {0, 1, 2}
            scenery = cv2.erode((labels == 0).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
            assert (frame[scenery] == 20).all(), "nothing else is drawn on"


def test_elsewhere_what_the_first_frame_shows_is_gone_and_something_else_is_there() -> None:
    library = Library((), (), (), (shade_of_its_own("one", 20), shade_of_its_own("two", 120)))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        frames, labels = video_window(library, rng, SIZE, 4, distant=True, elsewhere=1)
        assert 1 in labels[0] and 1 not in labels[1:], "its label is not given to another"
        assert all(set(np.unique(one)) == {0, 151} for one in labels[1:])
        assert abs(int(frames[0].min()) - int(frames[1].min())) == 100, "another video"


def test_time_passes_in_a_distant_scene(library: Library) -> None:
    jumps, steps = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        frames = pasted_scene(library, rng, SIZE, 4, 0, 0, distant=True)[0].astype(int)
        assert len(frames) == 4
        jumps.append(np.abs(frames[1] - frames[0]).mean())
        steps.append(np.abs(frames[3] - frames[2]).mean())
    assert np.mean(jumps) > 2 * np.mean(steps)


def test_a_mix_that_the_library_cannot_serve_is_refused(library: Library) -> None:
    no_videos = Library(library.backgrounds, library.pictures, library.cutouts, videos=())
    with pytest.raises(RequestError, match="0 videos"):
        make_clip(no_videos, np.random.default_rng(0), SIZE, 4, KINDS["video"])
    assert make_clip(no_videos, np.random.default_rng(0), SIZE, 4, ClipMix(0, 0.1, 0.9)).objects
    empty = LabelledVideo("empty", np.zeros((5, 90, 160, 3), np.uint8), np.zeros((5, 90, 160), np.uint8))
    with pytest.raises(RequestError, match="no object of a useful size"):
        make_clip(Library((), (), (), (empty,)), np.random.default_rng(0), SIZE, 4, KINDS["video"])


def test_a_poorer_camera_changes_the_picture_and_never_the_masks(library: Library) -> None:
    for seed in range(10):
        clean, poor = (
            make_clip(library, np.random.default_rng(seed), SIZE, 4, ClipMix(1, 0, 0, degraded=share))
            for share in (0, 1)
        )
        assert np.array_equal(clean.masks, poor.masks)
    frames = clean.frames
    changed = [not np.array_equal(degraded(frames, np.random.default_rng(seed)), frames) for seed in range(60)]
    assert 40 < sum(changed) < 60, "most of the time something is wrong, and sometimes nothing is"


# Drawing


def test_what_is_drawn_later_covers_what_was_drawn_before() -> None:
    behind, in_front = Actor(block(30), still_path((60, 40)), 1), Actor(block(20, 90), still_path((70, 40)), 2)
    alone, together = painted(behind)[1], painted(behind, in_front)[1]
    assert (together == 1).sum() < (alone == 1).sum() - 200
    hidden = painted(behind, Actor(block(40), still_path((60, 40)), 0))[1]
    assert not hidden.any(), "an occluder is nobody's object"


def test_mask_and_colour_lie_on_each_other() -> None:
    frame, labels = painted(Actor(block(31, 250), still_path((60.0, 40.0)), 3))
    assert np.array_equal(labels == 3, frame[..., 0] > 150)
    assert labels[40, 60] == 3 and abs((labels == 3).sum() - 30 * 30) < 100


def test_a_sprite_outside_the_picture_paints_nothing() -> None:
    frame, labels = painted(Actor(block(30), still_path((-40, 40)), 1))
    assert not labels.any() and (frame == 50).all()


def test_a_shadow_darkens_and_is_no_part_of_any_mask() -> None:
    thing = Actor(block(30), still_path((60, 40)), 1)
    frame, labels = painted(thing, Actor(shadow_of(block(30), 0.5), still_path((60, 40)), None))
    assert np.array_equal(labels, painted(thing)[1])
    assert (frame <= painted(thing)[0]).all() and frame[40, 60, 0] < 120


def test_motion_blur_smears_along_the_motion_only() -> None:
    zero = np.zeros(3)
    centres = np.array([[40.0, 40], [50, 40], [60, 40]])
    path = Trajectory(centres, zero + 1, zero, np.zeros((4, 5, 2), np.float32), zero)
    sharp, smeared = (painted(Actor(block(20), path, 1, shutter))[0][..., 0] > 55 for shutter in (0.0, 1.0))
    assert smeared.any(axis=0).sum() >= sharp.any(axis=0).sum() + 6
    assert smeared.any(axis=1).sum() == sharp.any(axis=1).sum()


def test_light_is_drawn_to_that_of_the_surroundings() -> None:
    dark = np.full((50, 50, 3), (20, 40, 60), np.uint8)
    assert np.allclose(lit_like(block(20), dark, 1.0).rgba[10, 10, :3], (20, 40, 60), atol=2)
    assert np.allclose(lit_like(block(20), dark, 0.0).rgba, block(20).rgba, atol=1)


# Motion


@pytest.mark.parametrize("length", [3, 4, 8, 16])
def test_what_goes_away_is_here_first_and_wholly_away_for_a_while(length: int) -> None:
    for seed in range(50):
        away = there_and_back(np.random.default_rng(seed), length)
        assert away[0] == 0 and away.max() == 1 and away.min() >= 0
        assert away[-1] < 1, "on the way back at least"


def test_what_bounces_stays_in_the_picture() -> None:
    path = wandering(np.random.default_rng(2), 30, np.array([70.0, 40.0]), Liveliness(20, 0, 0, 0))
    assert (np.abs(path.centres - [72, 40]) > [72, 40]).any(), "the free path leaves"
    inside = bounced(path, SIZE).centres
    assert (inside >= 0).all() and (inside <= [144, 80]).all()
    assert np.array_equal(inside[0], path.centres[0])


def test_objects_leave_the_picture_or_hide_and_return(library: Library) -> None:
    returned = 0
    for seed in range(30):
        labels = pasted_scene(library, np.random.default_rng(seed), SIZE, 8, lookalike=0, leaves=1)[1]
        seen = [(labels == number).any(axis=(1, 2)) for number in range(1, 5)]
        returned += any(s[0] and not s.all() and s[np.argmin(s) :].any() for s in seen)
    assert returned >= 20


def test_unknown_pixels_stay_unknown_and_no_label_is_made_up(library: Library) -> None:
    kept = 0
    for seed in range(10):
        labels = moved_still(library, np.random.default_rng(seed), SIZE, 4)[1]
        assert set(np.unique(labels)) <= {0, 1, 2, 255}
        kept += bool((labels[0] == 255).any())
    assert kept >= 8


def test_a_patchwork_of_pictures_numbers_the_objects_of_each_apart(library: Library) -> None:
    areas = []
    for seed in range(20):
        frames, labels = moved_still(library, np.random.default_rng(seed), (160, 288), 1, patchwork=1)
        numbers = [int(i) for i in np.unique(labels) if i not in (0, 255)]
        assert frames.shape == (1, 160, 288, 3) and len(numbers) >= 3
        for number in numbers:  # a disc or a square, never two of them in two pictures
            assert cv2.connectedComponents((labels[0] == number).astype(np.uint8))[0] <= 3
            areas.append(np.mean(labels == number))
    alone = [np.mean(moved_still(library, np.random.default_rng(seed), (160, 288), 1)[1] == 1) for seed in range(20)]
    assert np.median(areas) < 0.5 * np.median(alone)


def test_pictures_of_many_objects_are_taken_more_often() -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), 12)[:, None].repeat(160, 1)
    dark, bright = (np.full((120, 160, 3), shade, np.uint8) for shade in (20, 200))
    library = Library((), (Picture(dark, labels, (1,)), Picture(bright, labels, tuple(range(1, 10)))), (), ())
    for crowded, low, high in ((0.0, 15, 45), (1.0, 48, 60)):
        taken = [moved_still(library, np.random.default_rng(seed), SIZE, 1, crowded=crowded)[0] for seed in range(60)]
        assert low < sum(frames.mean() > 100 for frames in taken) <= high


def test_an_object_of_a_still_takes_its_colour_along(library: Library) -> None:
    for seed in range(10):
        frames, labels = moved_still(library, np.random.default_rng(seed), SIZE, 6)
        for number in (1, 2):
            inside = [cv2.erode((label == number).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0 for label in labels]
            colours = [frame[m].mean(axis=0) for frame, m in zip(frames, inside, strict=True) if m.sum() > 30]
            assert len(colours) < 2 or np.ptp(colours, axis=0).max() < 6
