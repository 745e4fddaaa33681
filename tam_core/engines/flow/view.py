"""What the tracker keeps of a picture: a small copy, its colours as histogram bins, its texture in cells.

Computed once per frame and shared by all objects.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Pixels, Size

FINE = 16
"""Levels per Lab channel of the object's colour memory."""
COARSE = 8
"""Levels per Lab channel where colours are counted place by place."""
CELL = 4
"""Working pixels a side of a texture cell."""
DIRECTIONS = 8
"""Gradient directions in a cell, over the full circle."""
CHROMA_SPAN = 48
"""a and b beyond +-48 share the outermost bin: few natural colours lie there."""

Bins = npt.NDArray[np.int32]


@dataclass(frozen=True)
class View:
    """One picture at working size (h, w).

    ``lab`` (h, w, 3) uint8; ``grey`` (h, w) uint8; ``fine`` and ``coarse`` (h, w) int32, the Lab bin of each pixel;
    ``cells`` (h / 4, w / 4, C) float32, colour and texture around each cell, to be compared by squared distance.
    """

    lab: Pixels = field(repr=False)
    grey: npt.NDArray[np.uint8] = field(repr=False)
    fine: Bins = field(repr=False)
    coarse: Bins = field(repr=False)
    cells: FloatMap = field(repr=False)

    @property
    def size(self) -> Size:
        """(h, w)."""
        return self.grey.shape[0], self.grey.shape[1]

    @property
    def whole(self) -> tuple[slice, slice]:
        """The region of all of it."""
        return slice(0, self.size[0]), slice(0, self.size[1])


def look(pixels: Pixels, size: Size) -> View:
    """The view of a picture (H, W, 3) uint8 RGB at working ``size``, sides a multiple of CELL."""
    small = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    cells = np.concatenate([cell_colours(lab), cell_textures(grey)], axis=2)
    return View(lab, grey, colour_bins(lab, FINE), colour_bins(lab, COARSE), cells)


def colour_bins(lab: Pixels, levels: int) -> Bins:
    """The number of each pixel's bin (h, w) in a (levels, levels, levels) Lab histogram."""
    lightness = lab[..., 0].astype(np.int32) * levels // 256
    chroma = lab[..., 1:].astype(np.int32) - 128 + CHROMA_SPAN
    chroma = np.clip(chroma * levels // (2 * CHROMA_SPAN), 0, levels - 1)
    bins: Bins = (lightness * levels + chroma[..., 0]) * levels + chroma[..., 1]
    return bins


def cell_colours(lab: Pixels) -> FloatMap:
    """(h / 4, w / 4, 6): Lab of the cell and of its neighbourhood; chroma counts three times lightness."""
    height, width = lab.shape[:2]
    scale = np.array([1 / 40, 1 / 12, 1 / 12], np.float32)
    cell = cv2.resize(lab, (width // CELL, height // CELL), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.concatenate([cell * scale, cv2.GaussianBlur(cell, (0, 0), 2.5) * scale], axis=2)


def cell_textures(grey: npt.NDArray[np.uint8]) -> FloatMap:
    """(h / 4, w / 4, 40): gradient directions of the cell and, at half weight, of four cells around it.

    Normalised as in HOG (Dalal and Triggs 2005), with a floor so that flat cells stay near zero.
    """
    height, width = grey.shape
    image = grey.astype(np.float32)
    dx, dy = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
    energy = np.square(dx) + np.square(dy) + 1e-6
    pooled = []
    for angle in np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS):
        along = np.maximum(dx * np.cos(angle) + dy * np.sin(angle), 0)
        pooled.append(cv2.resize(along**3 / energy, (width // CELL, height // CELL), interpolation=cv2.INTER_AREA))
    texture = np.stack([cv2.GaussianBlur(layer, (0, 0), 1.0) for layer in pooled], axis=2)
    texture /= np.linalg.norm(texture, axis=2, keepdims=True) + 30
    padded = np.pad(texture, ((3, 3), (3, 3), (0, 0)), mode="edge")
    around = [padded[3:-3, :-6], padded[3:-3, 6:], padded[:-6, 3:-3], padded[6:, 3:-3]]
    return np.concatenate([texture, *(0.5 * layer for layer in around)], axis=2).astype(np.float32)
