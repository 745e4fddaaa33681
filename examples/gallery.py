"""The pictures of docs/gallery.md, made from the bundled sample: every effect in every variant, and replacements.

python examples/gallery.py docs/gallery
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inpaint.effects import effects_of, with_effects
from inpaint.effects.emoji import emoji
from inpaint.replace import ReplaceSettings, replace, replace_background
from tam_core import open_video
from tam_core.formats.davis import read_davis
from tam_core.types import Pixels
from tam_core.video import Frame

FRAME, NEAR = 14, (110, 2, 286, 306)
VIDEO, MASKS = open_video("examples/sample/video.mp4"), read_davis("examples/sample/masks")


def main(folder: str) -> None:
    for layer in ("object", "background"):
        for row in effects_of(layer)[1:]:  # the first is the original
            tiles = []
            for name in row.variants:
                effect = {f"{layer}_effect": row.made(name)}
                tiles.append((f"{row.name}:{name}", with_effects(VIDEO, MASKS, **effect, start=FRAME)))
            near = layer == "object" and row.name not in ("spotlight", "burst", "erase")
            wall(Path(folder) / f"{layer}-{row.name}.jpg", tiles, near)
    with TemporaryDirectory() as clips:
        wall(Path(folder) / "replacements.jpg", list(replacements(Path(clips))), near=False)


def replacements(clips: Path) -> Iterator[tuple[str, Iterator[Frame]]]:
    """Our own emoji in the robot's place, still and as a clip, and other backgrounds behind it."""
    settings = ReplaceSettings(fit="height")
    for name in ("ghost", "cat"):
        yield f"--with {name}.png", replace(VIDEO, MASKS, picture_of(name), settings)
    yield "--with ghost/ (a clip)", replace(VIDEO, MASKS, rocking("ghost", clips / "ghost"), settings)
    yield "--background teal", replace_background(VIDEO, MASKS, "teal")
    yield "--background cat/ (a clip)", replace_background(VIDEO, MASKS, rocking("cat", clips / "cat"))


def picture_of(name: str) -> Pixels:
    """An emoji, (h, w, 4) RGBA."""
    stamp = emoji(name)
    return np.dstack([stamp.colours, np.uint8(stamp.alpha * 255)])


def rocking(name: str, folder: Path) -> Path:
    """A folder of 24 pictures, one second, on which an emoji rocks from side to side."""
    folder.mkdir()
    for index in range(24):
        turned = Image.fromarray(picture_of(name)).rotate(25 * np.sin(index / 24 * 2 * np.pi), Image.Resampling.BICUBIC)
        turned.save(folder / f"{index:05d}.png")
    return folder


def wall(path: Path, given: list[tuple[str, Iterator[Frame]]], near: bool) -> None:
    """One frame of each, in rows, each over its name."""
    pictures = [Image.fromarray(next(f.pixels for f in frames if f.index == FRAME)) for _, frames in given]
    tiles = [picture.crop(NEAR) if near else picture.resize((300, 169)) for picture in pictures]
    (width, height), across = tiles[0].size, min(len(tiles), 6 if near else 3)
    sheet = Image.new("RGB", (across * (width + 4), -(-len(tiles) // across) * (height + 24)), "white")
    for index, (tile, (name, _)) in enumerate(zip(tiles, given, strict=True)):
        x, y = index % across * (width + 4), index // across * (height + 24)
        sheet.paste(tile, (x, y))
        ImageDraw.Draw(sheet).text((x + 4, y + height + 3), name, "black", ImageFont.load_default(14))
    sheet.save(path, quality=66, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
