"""The pictures of docs/gallery.md, made from the bundled sample: every effect in every variant, and replacements.

python examples/gallery.py docs/gallery
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inpaint.effects import effects_of, with_effects
from inpaint.effects.emoji import emoji
from inpaint.replace import ReplaceSettings, replace, replace_background
from tam_core import open_video
from tam_core.formats.davis import read_davis
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
    wall(Path(folder) / "replacements.jpg", list(replacements()), near=False)


def replacements() -> Iterator[tuple[str, Iterator[Frame]]]:
    """Our own emoji in the robot's place, and another background behind it."""
    for name in ("ghost", "cat"):
        stamp = emoji(name)
        picture = np.dstack([stamp.colours, np.uint8(stamp.alpha * 255)])
        yield f"--with {name}.png", replace(VIDEO, MASKS, picture, ReplaceSettings(fit="height"))
    yield "--background teal", replace_background(VIDEO, MASKS, "teal")


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
