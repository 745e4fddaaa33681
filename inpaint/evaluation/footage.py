"""Spans of real video in one size, and objects cut out of real video. Knows the layout of the data, no scene."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tam_core.errors import SourceNotFoundError
from tam_core.types import FloatMap, Pixels, Size
from tam_core.video import FrameSource, ImageFolderSource, open_video
from tam_core.video.images import list_pictures
from tam_core.video.pictures import read_picture

DAVIS = "davis2016-val-half"
DANCER = "clean-plate/dancer"


@dataclass(frozen=True)
class Footage:
    """``count`` frames from ``start`` on of ``path``, a video file or a folder of pictures in the data's folder."""

    path: str
    start: int
    count: int

    def frames(self, data: Path, size: Size) -> Iterator[Pixels]:
        """Every frame, (H, W, 3) of ``size``: scaled to cover it, and cut at both sides alike."""
        source = self._source(data)
        for frame in source.frames(self.start, self.start + self.count):
            yield covering(frame.pixels, size)

    def _source(self, data: Path) -> FrameSource:
        return open_video(found(data / self.path))


@dataclass(frozen=True)
class CutOut:
    """An object of real video with its true mask, frame by frame, over nothing.

    ``name``: "dancer", which was filmed before a green screen and has a true alpha, or a sequence of DAVIS-2016, whose
    alpha is its mask with a soft edge that lies inside it, so that little of the old background comes along.
    """

    name: str
    start: int = 0

    def pictures(self, data: Path, count: int) -> Iterator[tuple[Pixels, FloatMap]]:
        """Colours (H, W, 3) and alpha (H, W), 0..1."""
        colours, mattes = self._folders(data)
        span = slice(self.start, self.start + count)
        for colour, matte in zip(list_pictures(colours)[span], list_pictures(mattes)[span], strict=True):
            grey = read_picture(matte)[..., 0]
            alpha = np.asarray(grey / 255, np.float32) if self.name == "dancer" else soft(grey)
            yield read_picture(colour), alpha

    def _folders(self, data: Path) -> tuple[Path, Path]:
        if self.name == "dancer":
            return found(data / DANCER / "frames"), found(data / DANCER / "alpha")
        root = data / DAVIS
        return found(root / "JPEGImages/480p" / self.name), found(root / "Annotations/480p" / self.name)


def soft(mask: Pixels) -> FloatMap:
    """Alpha of a mask (H, W), non-zero = object: it falls to 0 over the mask's outermost pixels."""
    inner = cv2.erode((mask > 0).astype(np.float32), np.ones((3, 3), np.uint8))
    return np.asarray(cv2.GaussianBlur(inner, (5, 5), 1), np.float32)


def covering(pixels: Pixels, size: Size) -> Pixels:
    """A picture scaled to cover ``size`` (H, W), its middle."""
    height, width = size
    scale = max(height / pixels.shape[0], width / pixels.shape[1])
    shape = (max(width, round(pixels.shape[1] * scale)), max(height, round(pixels.shape[0] * scale)))
    whole = cv2.resize(pixels, shape, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    y, x = (whole.shape[0] - height) // 2, (whole.shape[1] - width) // 2
    return np.ascontiguousarray(whole[y : y + height, x : x + width])


def davis_sequences(data: Path) -> list[str]:
    """Names of the DAVIS sequences that are there."""
    return sorted(folder.name for folder in found(data / DAVIS / "JPEGImages/480p").iterdir() if folder.is_dir())


def davis_footage(data: Path, name: str) -> Footage:
    """All of a sequence."""
    path = f"{DAVIS}/JPEGImages/480p/{name}"
    return Footage(path, 0, ImageFolderSource(data / path).info.frame_count or 0)


def found(path: Path) -> Path:
    """The path, if it is there. Raises SourceNotFoundError."""
    if not path.exists():
        raise SourceNotFoundError(f"no {path}: the benchmark needs the project's measuring data, laid out as there")
    return path
