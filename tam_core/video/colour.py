"""YUV to RGB and back, by the matrix and range that the file states.

What a file leaves unsaid is guessed as players do: BT.709 from 720 lines on, BT.601 below, limited range for YUV. Both
directions guess alike, so a video that says nothing looks the same after it was read and written. HDR transfer curves
are not tone-mapped: the numbers of the file are kept.
"""

from dataclasses import replace

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from tam_core.types import Pixels
from tam_core.video.source import ColourTags, VideoInfo

UNSAID, RGB = 2, 0
LIMITED, FULL = 1, 2
HD_LINES = 720
PLAIN_BITS = 8

# H.273 matrix number -> libswscale's number. BT.2020 constant luminance (10) is treated as non-constant.
SWSCALE_MATRIX = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
BT709, BT601 = 1, 5

# libswscale's quick YUV to RGB path rounds down: each channel would come out about one level too dark. Its exact one
# is twice as fast into planes, which libswscale vectorises, as into interleaved RGB.
GBR_AS_RGB = (2, 0, 1)
EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def tags_of(frame: av.VideoFrame) -> ColourTags:
    """The colour tags of a decoded frame; what it leaves unsaid stays unsaid."""
    return ColourTags(
        primaries=int(frame.color_primaries),
        transfer=int(frame.color_trc),
        matrix=int(frame.colorspace),
        range=int(frame.color_range),
    )


def depth_of(pixel_format: str) -> int:
    """Bits of a channel in FFmpeg's ``pixel_format``."""
    return int(av.VideoFormat(pixel_format).components[0].bits)


def swscale_matrix(matrix: int, coded_height: int) -> int:
    """libswscale's number of an H.273 ``matrix``, guessed by ``coded_height`` where it is not said or not known."""
    return SWSCALE_MATRIX.get(matrix, BT709 if coded_height >= HD_LINES else BT601)


class ToRgb:
    """Decoded frames of one stream -> (H, W, 3) uint8 RGB, upright, in the size that ``info`` gives.

    Right to half a level. A frame of another size than the stream's first is scaled to it, as players do. One converter
    for one reader.
    """

    def __init__(self, info: VideoInfo) -> None:
        self._height, self._width = info.size if info.rotation % 180 == 0 else info.size[::-1]
        self._quarter_turns = -info.rotation // 90
        self._tags = info.colour
        self._scaler = VideoReformatter()

    def __call__(self, picture: av.VideoFrame) -> Pixels:
        if not picture.format.is_rgb:
            planes = self._convert(picture, "gbrp").planes
            pixels = cv2.merge([plane_pixels(planes[position]) for position in GBR_AS_RGB])
        else:
            pixels = self._convert(picture, "rgb24").to_ndarray()
        return np.ascontiguousarray(np.rot90(pixels, self._quarter_turns))

    def _convert(self, picture: av.VideoFrame, layout: str) -> av.VideoFrame:
        return self._scaler.reformat(
            picture,
            width=self._width,
            height=self._height,
            format=layout,
            src_colorspace=swscale_matrix(self._tags.matrix, self._height),
            src_color_range=self._tags.range or guess_range(picture.format.name),
            interpolation=EXACT,
        )


def plane_pixels(plane: "av.video.plane.VideoPlane") -> Pixels:
    """(H, W) uint8 view of an 8-bit plane."""
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]


class FromRgb:
    """(H, W, 3) RGB or (H, W, 4) RGBA uint8 -> frames of ``pixel_format`` with the colour tags ``tags``."""

    def __init__(self, pixel_format: str, tags: ColourTags) -> None:
        self._format = pixel_format
        self._tags = tags
        self._scaler = VideoReformatter()

    def __call__(self, pixels: Pixels) -> av.VideoFrame:
        layout = "rgba" if pixels.shape[2] == 4 else "rgb24"
        frame = self._scaler.reformat(
            av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=layout),
            format=self._format,
            dst_colorspace=swscale_matrix(self._tags.matrix, pixels.shape[0]),
            dst_color_range=self._tags.range or guess_range(self._format),
            interpolation=EXACT,
        )
        frame.color_primaries, frame.color_trc = self._tags.primaries, self._tags.transfer
        frame.colorspace, frame.color_range = self._tags.matrix, self._tags.range
        return frame


def tags_for(pixel_format: str, tags: ColourTags, limited_only: bool) -> ColourTags:
    """``tags`` of a source as ``pixel_format`` can carry them: RGB has no matrix, and YUV cannot say that it is RGB."""
    if not pixel_format.startswith("yuv"):
        return replace(tags, matrix=RGB, range=FULL)
    if tags.matrix == RGB:
        tags = replace(tags, matrix=UNSAID, range=0)
    return replace(tags, range=LIMITED) if limited_only else tags


def guess_range(pixel_format: str) -> int:
    """Grey, RGB and the old "yuvj" formats are full range, other YUV is limited."""
    return LIMITED if pixel_format.startswith(("yuv4", "yuva", "nv", "p0", "p2", "uyvy", "yuyv")) else FULL
