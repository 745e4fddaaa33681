"""Where each pixel of a removal is from: counted, and as pictures that a person can judge.

A pixel is the source's own (untouched), copied from another frame of some age, or synthesised: made up, or carried from
a frame on which it was. It knows origins (see base.py), no engine and no file.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from inpaint.base import SYNTHESISED, UNTOUCHED, Origins
from inpaint.removal import Removed
from tam_core.types import Mask, Pixels

UNTOUCHED_COLOUR = (0, 0, 0)
SYNTHESISED_COLOUR = (255, 0, 255)

OLDEST = 256
"""Age in frames at which the colour of a copy changes no more."""

LEGEND = (1, 2, 4, 8, 16, 32, 64, 128, OLDEST)
"""Ages whose colours a legend shows."""

UNTOUCHED_GREY, COPIED_GREY, SYNTHESISED_GREY = 0, 128, 255
"""The values of a matte."""


@dataclass(frozen=True)
class Shares:
    """Pixels of one frame, or of many together. ``oldest``: frames to the farthest one that was copied from."""

    untouched: int = 0
    copied: int = 0
    synthesised: int = 0
    oldest: int = 0

    def __add__(self, other: "Shares") -> "Shares":
        return Shares(
            self.untouched + other.untouched,
            self.copied + other.copied,
            self.synthesised + other.synthesised,
            max(self.oldest, other.oldest),
        )

    @property
    def filled(self) -> int:
        """Pixels that are not the source's own."""
        return self.copied + self.synthesised

    @property
    def copied_share(self) -> float:
        """Of the filled pixels, 0..1; 1 where there are none."""
        return self.copied / self.filled if self.filled else 1.0

    def in_words(self) -> str:
        """For a person, such as "62 % copied, 38 % made up"."""
        if not self.filled:
            return "nothing filled"
        copied = round(100 * self.copied_share)
        return f"{copied} % copied, {100 - copied} % made up"


def shares(one: Removed) -> Shares:
    """How much of a frame is from where."""
    height, width = one.frame.pixels.shape[:2]
    copied, made_up = one.sources >= 0, int((one.sources == SYNTHESISED).sum())
    ages = np.abs(one.sources[copied] - one.frame.index)
    return Shares(height * width - len(ages) - made_up, len(ages), made_up, int(ages.max(initial=0)))


def total(counted: Iterable[Shares]) -> Shares:
    """Of many frames together."""
    return sum(counted, Shares())


def ages(origins: Origins, index: int) -> npt.NDArray[np.int32]:
    """How many frames lie between frame ``index`` and the one that each pixel (H, W) is from; 0 where not copied."""
    return np.asarray(np.where(origins >= 0, np.abs(origins - index), 0), np.int32)


def age_colours(age: npt.NDArray[np.int32]) -> Pixels:
    """A colour for each age (...,), (..., 3): yellow for near ones, over green to dark blue, by its logarithm."""
    level = np.log2(np.clip(age, 1, OLDEST)) / np.log2(OLDEST)
    table = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_VIRIDIS)[:, 0, ::-1]
    return np.asarray(table[np.rint(235 - 195 * level).astype(np.intp)], np.uint8)


def colours(origins: Origins, index: int) -> Pixels:
    """Origins (H, W) of frame ``index`` as a picture (H, W, 3): black untouched, magenta synthesised, copies by age."""
    result = age_colours(ages(origins, index))
    result[origins == UNTOUCHED] = UNTOUCHED_COLOUR
    result[origins == SYNTHESISED] = SYNTHESISED_COLOUR
    return result


def matte(origins: Origins) -> npt.NDArray[np.uint8]:
    """Origins (H, W) as a grey picture (H, W): black untouched, grey copied, white synthesised."""
    copied: Mask = origins >= 0
    grey = np.where(copied, COPIED_GREY, np.where(origins == SYNTHESISED, SYNTHESISED_GREY, UNTOUCHED_GREY))
    return np.asarray(grey, np.uint8)


def report(frames: dict[int, Shares]) -> dict[str, Any]:
    """The legend of the pictures and the shares per frame, ready for JSON."""
    whole = total(frames.values())
    return {
        "legend": {
            "untouched": UNTOUCHED_COLOUR,
            "synthesised": SYNTHESISED_COLOUR,
            "copied, by age in frames": {str(age): age_colours(np.array(age)).tolist() for age in LEGEND},
            "matte": {"untouched": UNTOUCHED_GREY, "copied": COPIED_GREY, "synthesised": SYNTHESISED_GREY},
        },
        "all": {**asdict(whole), "copied_share": whole.copied_share},
        "frames": {str(index): asdict(one) for index, one in frames.items()},
    }
