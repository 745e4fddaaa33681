"""Frames that a person painted: what they show inside the hole is the truth there, and is carried through the shot."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from inpaint.holes import Box, Holes
from tam_core.errors import FrameRangeError, RequestError
from tam_core.types import Mask, Pixels
from tam_core.video.source import FrameSource, VideoInfo

SAME = 6
"""Levels of 255 by which a picture may differ from the source without having been painted on: another decoder's."""

_DAB = 7
"""Painted pixels this close together, where one or the other happens to be as before, are one patch."""


@dataclass(frozen=True)
class Painted:
    """``pictures`` by frame index, (H, W, 3) in the source's levels."""

    pictures: Mapping[int, Pixels]

    @property
    def frames(self) -> frozenset[int]:
        return frozenset(self.pictures)

    def over(self, index: int, pixels: Pixels, hole: Mask, box: Box) -> tuple[Pixels, Mask]:
        """A source's ``pixels`` (h, w, 3) in a ``box`` with what was painted in its ``hole``, and where that is."""
        if index not in self.pictures:
            return pixels, np.zeros_like(hole)
        x0, y0, x1, y1 = box
        picture = self.pictures[index][y0:y1, x0:x1]
        where = painted_on(pixels, picture, hole)
        return np.where(where[..., None], picture, pixels), where


def painted_on(source: Pixels, picture: Pixels, hole: Mask) -> Mask:
    """Where a picture (h, w, 3) differs from the source inside the hole, (h, w) bool."""
    same = SAME * (np.iinfo(source.dtype).max // 255)
    differs = (np.abs(picture.astype(np.int32) - source).max(2) > same) & hole
    closed = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((_DAB, _DAB), np.uint8))
    return np.asarray((closed > 0) & hole)


def check_painted(pictures: Mapping[int, Pixels], info: VideoInfo) -> None:
    """Raises FrameRangeError for frames that the video has not, and RequestError for pictures of another size."""
    for index, picture in pictures.items():
        if info.frame_count is None or not 0 <= index < info.frame_count:
            raise FrameRangeError(f"a painted frame {index} for a video of {info.frame_count} frames")
        if picture.shape != (*info.size, 3):
            (height, width), (h, w) = info.size, picture.shape[:2]
            raise RequestError(
                f"the painted frame {index} is {w}x{h}, the video {width}x{height}: paint at its own size"
            )


def checked(pictures: Mapping[int, Pixels], source: FrameSource, holes: Holes) -> Painted:
    """Raises what ``check_painted`` raises, and RequestError for pictures on which nothing is painted."""
    check_painted(pictures, source.info)
    return Painted({i: _checked(i, picture, source.read(i).pixels, holes) for i, picture in pictures.items()})


def _checked(index: int, picture: Pixels, source: Pixels, holes: Holes) -> Pixels:
    if picture.dtype == np.uint8 and source.dtype == np.uint16:
        picture = picture.astype(np.uint16) * np.uint16(257)
    elif picture.dtype == np.uint16 and source.dtype == np.uint8:
        picture = (picture >> 8).astype(np.uint8)
    if not painted_on(source, picture, holes.hole(index)).any():
        raise RequestError(
            f"the painted frame {index} does not differ from the video inside the hole: "
            "paint over the object, on the frame of that number"
        )
    return picture
