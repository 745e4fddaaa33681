"""Patches of the same picture as a filler, guided by the straight edges that lead through the hole; no download.

Structure first, texture into it: edges are continued, colours between them are continued smoothly, and the patches
give what is finer. Where at the hole's rim the patches have another tone than what they meet, it is taken out of them,
inwards as well, so that a patch from the wrong place leaves no blot.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import cv2
import numpy as np

from inpaint.base import Check, part, unchecked
from inpaint.fillers.structure import LineSettings, continued
from inpaint.levels import levels, stored
from inpaint.membrane import extend
from inpaint.patches import PatchSettings, synthesise
from tam_core.types import Mask, Pixels

RIM = 3
"""Pixels inside a hole's rim where the tone of the patches is compared."""

TONE = 3.0
"""Standard deviation, in pixels, of the blur that leaves the tone of the patches and takes their texture."""


@dataclass(frozen=True)
class PatchFiller:
    """``lines`` says which edges are continued first; ``patches``, how what is left between them is made up.

    ``share``: how much of the result is the patches', the rest is smooth.
    """

    lines: LineSettings = field(default_factory=LineSettings)
    patches: PatchSettings = field(default_factory=lambda: PatchSettings(share=1.0))
    share: float = 0.5

    def fill(self, frames: Pixels, holes: Mask, check: Check = unchecked) -> Pixels:
        """See ``Filler.fill``."""
        filled = frames.copy()
        for index, hole in enumerate(holes):
            here = part(check, index / len(frames), (index + 1) / len(frames))
            here(0)
            if hole.any():
                filled[index] = self._filled(frames[index], hole, partial(here, 0))
            here(1)
        return filled

    def _filled(self, picture: Pixels, hole: Mask, check: Callable[[], None]) -> Pixels:
        """One picture (H, W, 3) with its hole (H, W) made up."""
        guided, unknown = continued(picture, hole, self.lines)
        smooth = extend(levels(guided), ~unknown)
        finer = levels(synthesise(guided, unknown, self.patches, check)) - smooth
        size = 2 * RIM + 1
        deep = cv2.erode(unknown.astype(np.uint8), np.ones((size, size), np.uint8), borderValue=1) > 0
        tone = np.asarray(cv2.GaussianBlur(finer, (0, 0), TONE), np.float32)
        values = smooth + self.share * (finer - extend(tone, ~deep))
        return np.where(unknown[..., None], stored(values, picture.dtype), guided)
