"""Pixels of 16 bits a channel: decoded pictures of any depth to RGB uint16, and back to formats of 8 to 16 bits.

libswscale's way to 16-bit RGB takes white to 255/256 of it, a whole level of 8 bits. Here it only brings chroma to full
resolution; matrix and range are applied in float32, right to one level of 16 bits. RGB of n bits maps to 0..65535 and
back without loss: the code c stands for c / (2^n - 1).
"""

from functools import cache
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.plane import VideoPlane
from av.video.reformatter import VideoReformatter

from tam_core.types import Pixels
from tam_core.video.colour import (
    EXACT,
    FULL,
    GBR_AS_RGB,
    LIMITED,
    PLAIN_BITS,
    FromRgb,
    ToRgb,
    depth_of,
    guess_range,
    swscale_matrix,
)
from tam_core.video.source import ColourTags, VideoInfo

DeepPixels = npt.NDArray[Any]
"""(H, W, 3) RGB or (H, W, 4) RGBA uint16, 0..65535, or one channel of it; where frames go, types say uint8."""

Floats = npt.NDArray[np.float64]

WHITE = 65535
PLAIN_WHITE = 255
DEEPEST_BITS = 16

# Shares of red and blue in luma (H.273, table 4), by libswscale's numbers of the matrices.
LUMA_SHARES = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}


class ToDeepRgb:
    """Decoded frames of one stream -> (H, W, 3) uint16 RGB, upright, in the size that ``info`` gives.

    What has 8 bits is converted as ever and spread over 0..65535, each level v as 257 v.
    """

    def __init__(self, info: VideoInfo) -> None:
        self._height, self._width = info.size if info.rotation % 180 == 0 else info.size[::-1]
        self._quarter_turns = -info.rotation // 90
        self._tags = info.colour
        self._scaler = VideoReformatter()
        self._to_rgb = ToRgb(info)

    def __call__(self, picture: av.VideoFrame) -> DeepPixels:
        bits = min(picture.format.components[0].bits, DEEPEST_BITS)  # more are floats
        if bits <= PLAIN_BITS:
            return deepened_pixels(self._to_rgb(picture))
        if picture.format.is_rgb:
            pixels = self._from_rgb(picture, bits)
        elif picture.format.name.startswith("gray"):
            pixels = cv2.merge([widened(self._planes(picture, f"gray{bits}le")[0], bits)] * 3)
        else:
            pixels = self._from_yuv(picture, bits)
        return np.ascontiguousarray(np.rot90(pixels, self._quarter_turns))

    def _from_rgb(self, picture: av.VideoFrame, bits: int) -> DeepPixels:
        # With the alpha it has: libswscale changes values when it takes it away.
        family = "gbrap" if len(picture.format.components) == 4 else "gbrp"
        planes = self._planes(picture, f"{family}{bits}le")
        return np.asarray(cv2.merge([widened(planes[position], bits) for position in GBR_AS_RGB]))

    def _from_yuv(self, picture: av.VideoFrame, bits: int) -> DeepPixels:
        spread = 1 << (DEEPEST_BITS - bits)  # libswscale widens limited YUV by shifting it
        yuv = cv2.merge(self._planes(picture, "yuv444p16le"))
        matrix = spread * yuv_matrix(self._tags, picture.format.name, self._height, bits)
        return np.asarray(cv2.transform(yuv, inverse(matrix)))

    def _planes(self, picture: av.VideoFrame, layout: str) -> list[DeepPixels]:
        """The planes in another layout. Both sides are called limited, so that no value is changed on the way."""
        frame = self._scaler.reformat(
            picture,
            width=self._width,
            height=self._height,
            format=layout,
            src_color_range=LIMITED,
            dst_color_range=LIMITED,
            interpolation=EXACT,
        )
        return [deep_plane(plane) for plane in frame.planes]


class FromDeepRgb:
    """(H, W, 3) RGB or (H, W, 4) RGBA uint16 -> frames of ``pixel_format`` with the colour tags ``tags``.

    RGB is rounded to the depth of the format; for formats of 8 bits it is dithered.
    """

    def __init__(self, pixel_format: str, tags: ColourTags) -> None:
        self._format = pixel_format
        self._tags = tags
        self._bits = depth_of(pixel_format)
        self._scaler = VideoReformatter()
        self._from_rgb = FromRgb(pixel_format, tags)

    def __call__(self, pixels: DeepPixels) -> av.VideoFrame:
        if self._bits <= PLAIN_BITS:
            return self._from_rgb(dithered(pixels))
        frame = self._rgb(pixels) if av.VideoFormat(self._format).is_rgb else self._yuv(pixels)
        frame.color_primaries, frame.color_trc = self._tags.primaries, self._tags.transfer
        frame.colorspace, frame.color_range = self._tags.matrix, self._tags.range
        return frame

    def _rgb(self, pixels: DeepPixels) -> av.VideoFrame:
        channels = [narrowed(pixels[..., channel], self._bits) for channel in range(pixels.shape[2])]
        return framed([channels[1], channels[2], channels[0], *channels[3:]], self._format)

    def _yuv(self, pixels: DeepPixels) -> av.VideoFrame:
        height, bits = pixels.shape[0], self._bits
        matrix = yuv_matrix(self._tags, self._format, height, bits)
        yuv = np.minimum(cv2.transform(np.ascontiguousarray(pixels[..., :3]), matrix), (1 << bits) - 1)
        alpha = [narrowed(pixels[..., 3], bits)] if pixels.shape[2] == 4 else []
        frame = framed([*cv2.split(yuv), *alpha], f"yuva444p{bits}le" if alpha else f"yuv444p{bits}le")
        same = {"src_color_range": LIMITED, "dst_color_range": LIMITED}
        return self._scaler.reformat(frame, format=self._format, interpolation=EXACT, **same)


def yuv_matrix(tags: ColourTags, pixel_format: str, coded_height: int, bits: int) -> Floats:
    """(3, 4) float64: RGB of 0..65535 -> the YUV codes of ``bits`` bits that ``tags`` mean (H.273, section 8.3)."""
    red, blue = LUMA_SHARES[swscale_matrix(tags.matrix, coded_height)]
    luma = np.array([red, 1 - red - blue, blue])
    shares = np.stack([luma, (np.eye(3)[2] - luma) / (2 * (1 - blue)), (np.eye(3)[0] - luma) / (2 * (1 - red))])
    step, top = 1 << (bits - PLAIN_BITS), (1 << bits) - 1
    if (tags.range or guess_range(pixel_format)) == FULL:
        spans, origins = (top, top, top), (0, 1 << (bits - 1), 1 << (bits - 1))
    else:
        spans, origins = (219 * step, 224 * step, 224 * step), (16 * step, 128 * step, 128 * step)
    return np.column_stack([shares * np.array(spans)[:, None] / WHITE, origins])


def inverse(matrix: Floats) -> Floats:
    """The (3, 4) matrix that undoes another one."""
    turned = np.linalg.inv(matrix[:, :3])
    return np.column_stack([turned, -turned @ matrix[:, 3]])


@cache
def widening(bits: int) -> DeepPixels:
    """Code of ``bits`` bits -> 0..65535."""
    top = (1 << bits) - 1
    return np.asarray(np.rint(np.arange(top + 1) * (WHITE / top)), np.uint16)


@cache
def narrowing(bits: int) -> DeepPixels:
    """0..65535 -> the nearest code of ``bits`` bits."""
    return np.asarray(np.rint(np.arange(WHITE + 1) * (((1 << bits) - 1) / WHITE)), np.uint16)


def widened(codes: DeepPixels, bits: int) -> DeepPixels:
    return codes if bits == DEEPEST_BITS else widening(bits)[codes]


def narrowed(values: DeepPixels, bits: int) -> DeepPixels:
    return values if bits == DEEPEST_BITS else narrowing(bits)[values]


def deepened_pixels(pixels: Pixels) -> DeepPixels:
    """8 bits as 16, which plain_pixels() undoes."""
    return pixels.astype(np.uint16) * np.uint16(WHITE // PLAIN_WHITE)


def plain_pixels(pixels: DeepPixels) -> Pixels:
    """16 bits rounded to 8."""
    return narrowing(PLAIN_BITS)[pixels].astype(np.uint8)


# A Bayer matrix of 8x8 thresholds, 0..255/257 of a level: the same on every frame, so that nothing seems to move.
def _bayer(order: int) -> npt.NDArray[np.int64]:
    if order == 0:
        return np.zeros((1, 1), np.int64)
    small = 4 * _bayer(order - 1)
    return np.block([[small, small + 2], [small + 3, small + 1]])


THRESHOLDS = (_bayer(3) * 4 + 2).astype(np.uint32)


def dithered(pixels: DeepPixels) -> Pixels:
    """16 bits as 8 without bands: how often a pixel is rounded up is what is left of its value. Exact for 257 v."""
    height, width = pixels.shape[:2]
    tiles = np.tile(THRESHOLDS, (height // 8 + 1, width // 8 + 1))[:height, :width, None]
    return ((pixels + tiles) // 257).astype(np.uint8)


def deep_plane(plane: VideoPlane) -> DeepPixels:
    """(H, W) uint16 view of a plane of more than 8 bits."""
    return np.frombuffer(memoryview(plane), np.uint16).reshape(plane.height, plane.line_size // 2)[:, : plane.width]


def framed(planes: list[DeepPixels], pixel_format: str) -> av.VideoFrame:
    """A frame of full-resolution ``planes``, in FFmpeg's order."""
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, pixel_format)
    for plane, values in zip(frame.planes, planes, strict=True):
        deep_plane(plane)[...] = values
    return frame
