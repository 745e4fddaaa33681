"""One picture and one mask -> one soft matte."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tam_core.matte.closed_form import check_installed, refined
from tam_core.matte.colours import estimate
from tam_core.matte.trimap import band_radius, trimap_of
from tam_core.types import FloatMap, Mask

AnyPixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
"""(H, W, 3) RGB, 0..255 as uint8 or 0..65535 as uint16."""


@dataclass(frozen=True)
class MatteSettings:
    """``band``: half the width in pixels of the rim that is decided anew; None: by the object's size and score.

    ``quality``: closed-form refinement with PyMatting, some three times slower.
    """

    band: float | None = None
    quality: bool = False


def soft_alpha(pixels: AnyPixels, mask: Mask, score: float = 1.0, settings: MatteSettings | None = None) -> FloatMap:
    """How much of every pixel is the object, (H, W) float32 0..1; exactly 0 and 1 away from the mask's outline.

    ``mask`` (H, W) bool; ``score`` 0..1 says how far it can be trusted and widens the band. The cost follows the
    outline, not the picture. Raises EngineNotReadyError if ``quality`` is asked for without PyMatting.
    """
    settings = settings or MatteSettings()
    if settings.quality:
        check_installed()
    alpha = mask.astype(np.float32)
    trimap = trimap_of(mask, band_radius(mask, score) if settings.band is None else settings.band)
    if trimap is None:
        return alpha
    colours = np.asarray(pixels[trimap.box] / np.float32(np.iinfo(pixels.dtype).max), np.float32)
    found = estimate(colours, trimap)
    here = alpha[trimap.box]  # a view
    here[trimap.inside], here[trimap.outside] = 1, 0
    here[trimap.rows, trimap.columns] = refined(colours, trimap, found) if settings.quality else found.mean
    return alpha
