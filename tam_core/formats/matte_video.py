"""Mattes as pictures in time: a grey video, the alpha of a video, or a folder of grey or RGBA pictures -> masklets.

White (or opaque) is the object. A video cannot say which of several objects it shows: all that is white is object 1.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.error import FFmpegError
from PIL import Image

from tam_core import rle
from tam_core.errors import MaskletError, SourceNotFoundError
from tam_core.masklet import Masklet
from tam_core.types import Mask
from tam_core.video.colour import plane_pixels
from tam_core.video.deep import deep_plane
from tam_core.video.open import open_video
from tam_core.video.pictures import grey_levels
from tam_core.video.source import VideoInfo

SUFFIXES = frozenset({".mov", ".mp4", ".m4v", ".mkv", ".webm", ".avi", ".mxf"})
"""Of files that are looked into for mattes."""

_HALF = 127
"""Grey level above which a pixel is the object's."""

_FEW = 8
"""A picture of more grey levels than this is a soft matte; one of fewer may number objects."""

_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders leave WebM's alpha out."""

Grey = npt.NDArray[np.uint8]


def read_matte(path: str | os.PathLike[str], info: VideoInfo | None = None) -> list[Masklet]:
    """One masklet from a matte: a video with alpha, a grey video, or a folder of pictures named by frame numbers.

    A video's first picture is frame 0. With ``info`` of the video that the matte is for, one of another length is
    refused, because nobody could say which frames it means; its size must fit where it is used. Raises
    SourceNotFoundError, VideoError, or MaskletError for a video in colour.
    """
    path = Path(path)
    if not path.exists():
        raise SourceNotFoundError(f"no such matte: {path}")
    masks = dict(_folder_masks(path) if path.is_dir() else _video_masks(path))
    if not masks:
        raise MaskletError(f"{path} has no matte: pictures named by frame numbers, such as 00000.png, were looked for")
    wanted = info.frame_count if info else None
    if wanted is not None and not path.is_dir() and len(masks) != wanted:
        raise MaskletError(f"{path} has {len(masks)} frames and the video {wanted}: give a matte of all of its frames")
    sizes = {code.size for code in masks.values()}
    if len(sizes) > 1:
        raise MaskletError(f"the mattes in {path} have different sizes (height, width): {sorted(sizes)}")
    return [Masklet(1, sizes.pop(), masks, dict.fromkeys(masks, 1.0))]


def is_matte(path: Path) -> bool:
    """Whether ``read_matte`` is the one to read a path: a video file, or a folder of numbered pictures that are RGBA,
    or grey with more levels than objects would have."""
    return _soft_pictures(path) if path.is_dir() else path.suffix.lower() in SUFFIXES


def _soft_pictures(folder: Path) -> bool:
    for path in _pictures(folder):
        with _opened(path) as picture:
            if picture.mode in ("RGBA", "LA"):
                return True
            if picture.mode == "P":
                return False
            if len(np.unique(grey_levels(picture))) > _FEW:
                return True
    return False


def _pictures(folder: Path) -> list[Path]:
    found = (path for path in folder.glob("*.png") if path.stem.isdecimal())
    return sorted(found, key=lambda path: int(path.stem))


def _folder_masks(folder: Path) -> Iterator[tuple[int, rle.RLE]]:
    for path in _pictures(folder):
        with _opened(path) as picture:
            grey = picture.getchannel("A") if picture.mode in ("RGBA", "LA") else picture
            levels = grey_levels(grey)
        yield int(path.stem), rle.encode(_object(levels))


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Raises MaskletError for what is no picture, also where that shows only in the block."""
    try:
        with Image.open(path) as picture:
            yield picture
    except OSError as error:  # PIL's own for what is no picture is one, too
        raise MaskletError(f"{path} is not a picture, or it is damaged: {error}") from error


def _video_masks(path: Path) -> Iterator[tuple[int, rle.RLE]]:
    levels = read_alpha(path) if has_alpha(path) else _grey_levels(path)
    for index, grey in enumerate(levels):
        yield index, rle.encode(_object(grey))


def _object(grey: Grey) -> Mask:
    return np.asarray(grey > _HALF)


def has_alpha(path: Path) -> bool:
    """Whether a video file has an alpha channel. Raises MaskletError if it is no video."""
    try:
        with av.open(f"file:{path}") as container:
            stream = container.streams.video[0]
            said = {key.lower(): value for key, value in stream.metadata.items()}.get("alpha_mode") == "1"
            layout = stream.codec_context.format
            return said or (layout is not None and any(part.is_alpha for part in layout.components))
    except (FFmpegError, IndexError) as error:
        raise MaskletError(f"{path} is not a video: {error}") from error


def read_alpha(path: Path) -> Iterator[Grey]:
    """The alpha of every frame of a video file, (H, W) uint8, in the order of time. Raises MaskletError."""
    with av.open(f"file:{path}") as container:
        stream = container.streams.video[0]
        name = stream.codec_context.name
        own = _ALPHA_DECODERS.get(name)
        decoder = cast(av.VideoCodecContext, av.CodecContext.create(own, "r")) if own else stream.codec_context
        for packet in container.demux(stream):
            try:
                pictures = decoder.decode(packet if packet.size else None)
            except FFmpegError as error:
                when = float(packet.pts * stream.time_base) if packet.pts is not None and stream.time_base else 0.0
                raise MaskletError(f"{path} is damaged near {when:.2f} s: {error.strerror}; write it again") from error
            for picture in pictures:
                yield _alpha_of(picture)


def _alpha_of(picture: av.VideoFrame) -> Grey:
    layout = "gbrap" if picture.format.is_rgb else "yuva444p"
    deepest = picture.format.components[0].bits
    if deepest > 8:
        layout += f"{min(deepest, 16)}le"
    plane = picture.reformat(format=layout).planes[3]
    if deepest == 8:
        return plane_pixels(plane)
    return np.asarray(deep_plane(plane) >> (min(deepest, 16) - 8), np.uint8)


def _grey_levels(path: Path) -> Iterator[Grey]:
    for frame in open_video(path).frames():
        red, _, blue = cv2.split(frame.pixels)
        if frame.index == 0 and np.abs(red.astype(np.int16) - blue).mean() > _FEW:
            raise MaskletError(f"{path} is a video in colour without alpha, not a matte: white on black was looked for")
        yield np.asarray(frame.pixels[..., 1], np.uint8)
