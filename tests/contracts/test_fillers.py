"""What every filler must do, with tiny random networks where it is made of one."""

from pathlib import Path

import numpy as np
import pytest

from inpaint.fillers.base import Filler
from inpaint.fillers.patch import PatchFiller
from tam_core.types import Mask, Pixels
from tests.scenes import HEIGHT, WIDTH, disc, texture
from tests.tiny_diffusion import save_inpainting
from tests.tiny_lama import save_lama

HOLES = np.stack([disc(80, 60, 14), disc(30, 20, 9) | disc(140, 100, 6), np.zeros((HEIGHT, WIDTH), bool)])


@pytest.fixture(scope="module", params=["patch", "lama", "diffusion"])
def filler(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Filler:
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "patch":
        return PatchFiller()
    if request.param == "lama":
        from inpaint.fillers.lama import load_lama

        return load_lama("cpu", save_lama(folder / "lama.pt"))
    pytest.importorskip("diffusers", reason="needs pip install 'tam-studio[generate]'")
    from inpaint.fillers.diffusion import Wish, load_diffusion

    return load_diffusion("cpu", str(save_inpainting(folder)), Wish(steps=2))


def frames(depth: type[np.integer] = np.uint8) -> Pixels:
    plate = np.repeat(texture(3, (90, 120, 60))[None], len(HOLES), 0)
    shown = np.where(HOLES[..., None], np.uint8(255), plate)
    return shown if depth is np.uint8 else shown.astype(depth) * 257


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_changes_the_holes_and_nothing_else(filler: Filler, depth: type[np.integer]) -> None:
    given = frames(depth)
    before = given.copy()
    filled = filler.fill(given, HOLES)
    assert filled.shape == given.shape and filled.dtype == depth
    assert np.array_equal(filled[~HOLES], given[~HOLES])
    assert (filled[HOLES] != given[HOLES]).any(1).mean() > 0.9
    assert np.array_equal(given, before), "the input was changed"


def test_gives_the_same_every_time_and_each_frame_for_itself(filler: Filler) -> None:
    filled = filler.fill(frames(), HOLES)
    assert np.array_equal(filled, filler.fill(frames(), HOLES))
    assert np.array_equal(filled[1:2], filler.fill(frames()[1:2], HOLES[1:2]))


def test_takes_a_hole_at_the_edge_and_a_thin_one(filler: Filler) -> None:
    hole: Mask = disc(0, 0, 20)[None].copy()
    hole[0, 100:102, :] = True
    filled = filler.fill(frames()[2:], hole)
    assert np.array_equal(filled[~hole], frames()[2:][~hole])


def test_tells_how_far_it_is_and_can_be_stopped(filler: Filler) -> None:
    told: list[float] = []
    filler.fill(frames(), HOLES, told.append)
    assert told == sorted(told) and told[0] == 0 and told[-1] == 1

    def stop(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filler.fill(frames(), HOLES, stop)
