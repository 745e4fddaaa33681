"""Small pictures with alpha, laid on frames at any place between pixels, so that they glide: words and emoji."""

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from inpaint.effects.blend import blend, colour_of, white
from tam_core.errors import RequestError
from tam_core.types import FloatMap, Pixels

FONTS = ("DejaVuSans-Bold.ttf", "arialbd.ttf", "Arial Unicode.ttf", "NotoSansCJK-Bold.ttc", "msyh.ttc", "PingFang.ttc")
"""Asked, in this order, for letters that Pillow's own font has not."""

COLOUR_FONTS = (("NotoColorEmoji.ttf", 109), ("Apple Color Emoji.ttc", 96), ("seguiemj.ttf", 109))
"""Fonts of emoji, each with a size that it has."""


@dataclass(frozen=True)
class Stamp:
    """``colours``: (h, w, 3) uint8 RGB; ``alpha``: (h, w) float32 0..1."""

    colours: Pixels = field(repr=False)
    alpha: FloatMap = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.alpha.shape[1], self.alpha.shape[0]


def stamp_of(picture: Image.Image) -> Stamp:
    """An RGBA picture as a stamp."""
    rgba = np.asarray(picture.convert("RGBA"))
    return Stamp(np.ascontiguousarray(rgba[..., :3]), np.asarray(rgba[..., 3] / np.float32(255)))


def stamped(
    frame: Pixels, stamp: Stamp, centre: tuple[float, float], scale: float, amount: float, share: FloatMap | None = None
) -> Pixels:
    """The frame with a stamp laid on it about ``centre`` (x, y); only where ``share`` (H, W) 0..1 lets it."""
    height, width = frame.shape[:2]
    half = [side * scale / 2 for side in stamp.size]
    x0, y0 = (max(int(place - by) - 1, 0) for place, by in zip(centre, half, strict=True))
    x1, y1 = (min(int(place + by) + 2, end) for place, by, end in zip(centre, half, (width, height), strict=True))
    if x0 >= x1 or y0 >= y1 or amount <= 0:
        return frame
    shift = [place - by - first for place, by, first in zip(centre, half, (x0, y0), strict=True)]
    way = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    alpha = cv2.warpAffine(stamp.alpha, way, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR) * np.float32(amount)
    colours = cv2.warpAffine(stamp.colours, way, (x1 - x0, y1 - y0), borderMode=cv2.BORDER_REPLICATE)
    if share is not None:
        alpha = alpha * share[y0:y1, x0:x1]
    over = colours.astype(frame.dtype) * frame.dtype.type(white(frame) // 255)
    result = frame.copy()
    result[y0:y1, x0:x1] = blend(frame[y0:y1, x0:x1], over, alpha)
    return result


@lru_cache(maxsize=32)
def words(text: str, height: int, colour: str, rim: str = "", plate: str = "") -> Stamp:
    """``text`` in letters of ``height`` px: with a ``rim`` round them, or on a rounded ``plate``, of these colours."""
    font, room = font_for(text, height), round(height * 0.45)
    bold = height / 26  # the default font is a thin one
    edge = max(1, round(bold + height / 12)) if rim else round(bold)
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), text, font, stroke_width=edge)
    size = (int(right - left) + 2 * room, int(max(bottom - top, height * 0.7)) + 2 * room)
    picture = Image.new("RGBA", size, _clear(plate or rim or colour))
    draw = ImageDraw.Draw(picture)
    if plate:
        box = (room // 4, room // 4, size[0] - room // 4 - 1, size[1] - room // 4 - 1)
        draw.rounded_rectangle(box, radius=round(height * 0.4), fill=plate)
    middle = ((size[0] - left - right) / 2, (size[1] - top - bottom) / 2)
    if rim:
        draw.text(middle, text, fill=rim, font=font, stroke_width=edge, stroke_fill=rim)
    draw.text(middle, text, fill=colour, font=font, stroke_width=round(bold), stroke_fill=colour)
    return stamp_of(picture)


def font_for(text: str, height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The first font that has every letter: Pillow's own, or one of the system's. Raises RequestError."""
    wanted = {letter for letter in text if not letter.isspace()}
    default = ImageFont.load_default(height)
    if not isinstance(default, ImageFont.FreeTypeFont) or _has(default, wanted):
        return default
    for name in FONTS:
        font = _system_font(name, height)
        if font is not None and _has(font, wanted):
            return font
    missing = "".join(sorted(letter for letter in wanted if not _has(default, {letter})))
    raise RequestError(f"no font here has the letters {missing!r}: install one that does, such as Noto Sans CJK")


@lru_cache(maxsize=16)
def coloured_letter(letter: str) -> Stamp | None:
    """An emoji as the system's own colour font draws it; None where there is no such font, or it has it not."""
    for name, size in COLOUR_FONTS:
        font = _system_font(name, size)
        if font is None:
            continue
        picture = Image.new("RGBA", (2 * size, 2 * size), (0, 0, 0, 0))
        ImageDraw.Draw(picture).text((size, size), letter, font=font, embedded_color=True, anchor="mm")
        box = picture.getbbox()
        if box is not None and _has(font, {letter[0]}):
            return stamp_of(picture.crop(box))
    return None


def _system_font(name: str, size: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None


def _has(font: ImageFont.FreeTypeFont, letters: set[str]) -> bool:
    """Whether the font draws the letters, rather than the box that stands for a letter it has not."""
    nothing = _drawn(font, "\U0010ffff")
    return all(not np.array_equal(_drawn(font, letter), nothing) for letter in letters)


def _drawn(font: ImageFont.FreeTypeFont, letter: str) -> npt.NDArray[np.uint8]:
    mask = font.getmask(letter)
    return np.asarray(mask, np.uint8).reshape(mask.size[::-1])


def _clear(colour: str) -> tuple[int, int, int, int]:
    """The colour, wholly transparent: so that edges are not darkened by what nobody sees."""
    return (*colour_of(colour), 0)
