"""Where a pixel of the source is on the screen, for every way in which a strip can be placed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.blender.placement import Placement, Viewport, Whole

SIZES = st.tuples(st.integers(2, 4000), st.integers(2, 4000))
PARTS = st.floats(0, 1)
FACTORS = st.floats(0.05, 20)
PLACEMENTS = st.builds(
    Placement,
    size=SIZES,
    canvas=SIZES,
    offset=st.tuples(st.floats(-3000, 3000), st.floats(-3000, 3000)),
    scale=st.tuples(FACTORS, FACTORS),
    rotation=st.floats(-7, 7),
    origin=st.tuples(PARTS, PARTS),
    flip=st.tuples(st.booleans(), st.booleans()),
    pixel_aspect=st.floats(0.2, 5),
    turned=st.sampled_from([0, 90, 180, 270]),
    render_scale=st.sampled_from([1.0, 0.75, 0.5, 0.25]),
    corner_sampling=st.booleans(),
    unscaled_origin=st.booleans(),
)
POINT = st.floats(-5000, 5000)
PLAIN = {"size": (320, 180), "canvas": (320, 180)}


@given(PLACEMENTS, POINT, POINT)
def test_a_point_of_a_strip_comes_back(placement: Placement, x: float, y: float) -> None:
    assert placement.to_source(*placement.to_view(x, y)) == pytest.approx((x, y), abs=1e-4)


@given(SIZES, st.sampled_from([0, 90, 180, 270]), PARTS, PARTS)
def test_a_point_of_an_image_comes_back(size: tuple[int, int], turned: int, x: float, y: float) -> None:
    editor = Whole(size, turned)
    assert editor.to_source(*editor.to_view(x * size[0], y * size[1])) == pytest.approx(
        (x * size[0], y * size[1]), abs=1e-6
    )


def test_a_strip_without_a_transform_has_its_middle_in_the_middle() -> None:
    placement = Placement(**PLAIN)
    assert placement.to_view(160, 90) == (0, 0)
    assert placement.to_view(0, 0) == (-160, 90)  # the top left corner; up is up


@pytest.mark.parametrize(
    ("transform", "point", "view"),
    [
        ({"offset": (23, -11)}, (160, 90), (23, -11)),
        ({"scale": (2, 0.5)}, (0, 0), (-320, 45)),
        ({"rotation": math.pi / 2}, (320, 90), (0, 160)),  # the right edge's middle goes up: counterclockwise
        ({"rotation": math.pi / 2, "origin": (1, 0.5)}, (320, 90), (160, 0)),  # the origin stays where it is
        ({"flip": (True, False), "offset": (23, 0)}, (160, 90), (-23, 0)),  # the canvas is mirrored, offset and all
        ({"flip": (False, True)}, (0, 0), (-160, -90)),
        ({"pixel_aspect": 2}, (0, 0), (-320, 90)),
        ({"crop": (20, 30, 10, 40), "render_scale": 0.5}, (0, 0), (-160, 90)),  # neither moves the picture
    ],
)
def test_a_transform_moves_a_point(
    transform: dict[str, object], point: tuple[float, float], view: tuple[float, float]
) -> None:
    assert Placement(**PLAIN, **transform).to_view(*point) == pytest.approx(view)  # type: ignore[arg-type]


@pytest.mark.parametrize(("turned", "corner"), [(0, (0, 0)), (90, (0, 180)), (180, (320, 180)), (270, (320, 0))])
def test_a_turned_picture_is_clicked_as_it_is_shown(turned: int, corner: tuple[float, float]) -> None:
    """Blender shows the stored picture of 320 x 180; the upright one's top left is at another of its corners."""
    shown = (corner[0] / 320, 1 - corner[1] / 180)
    assert Whole((320, 180), turned).to_view(0, 0) == pytest.approx(shown)
    upright = Placement(**PLAIN, turned=turned).to_view(0, 0)
    assert upright == pytest.approx((corner[0] - 160, 90 - corner[1]))


def test_what_is_cropped_away_is_not_visible() -> None:
    assert Placement(**PLAIN, crop=(20, 30, 10, 40)).visible == (20, 10, 290, 140)


@pytest.mark.parametrize(("turned", "visible"), [(90, (0, 20, 180, 320)), (270, (0, 0, 180, 300))])
def test_crop_is_of_the_stored_picture(turned: int, visible: tuple[int, int, int, int]) -> None:
    """Turned clockwise, the stored picture's left is the upright one's top."""
    assert Placement(**PLAIN, crop=(20, 0, 0, 0), turned=turned).visible == pytest.approx(visible)


def test_a_strip_that_is_scaled_to_nothing_has_no_source() -> None:
    assert Placement(**PLAIN, scale=(0, 1)).to_source(0, 0) is None


def test_a_pixel_of_the_screen_means_its_middle() -> None:
    port = Viewport((-50, -20), (50, 20), (1000, 400))
    assert port.to_region(50, 20) == pytest.approx((1000, 400))
    assert port.to_view(0, 399) == pytest.approx((-49.95, 19.95))
