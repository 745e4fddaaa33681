"""Turn the renders of `make_sample.py` into the committed sample: two films and one mask per frame.

    python encode_sample.py /tmp/sample_render examples/sample

Runs in the project's environment. Knows colour, grain and files; knows nothing of the scene.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from PIL import Image

SIZE = (640, 360)
FRAME_RATE = Fraction(24)
GRAIN = 1.2  # standard deviation, in steps of 8 bits
BLEND = 15  # pixels over which a background box fades into the film; half of the box's margin


def read_rgb(path: Path) -> np.ndarray:
    """(H, W, 3) uint8."""
    return np.asarray(Image.open(path).convert("RGB"))


def full_background(film: np.ndarray, box_path: Path) -> np.ndarray:
    """The film with its robot box replaced by the render without robot. (H, W, 3) uint8.

    Only the box was rendered (alpha 255 there); outside nothing differs. The denoiser sees other surroundings
    at the box's edge, hence the soft transition. Where the picture's edge cuts the box none is needed.
    """
    box = np.asarray(Image.open(box_path))
    inside = box[..., 3].astype(np.float32) / 255
    window = (2 * BLEND + 1, 2 * BLEND + 1)
    share = cv2.blur(inside, window, borderType=cv2.BORDER_REPLICATE)
    weight = np.clip(2 * share - 1, 0, 1)[..., None]
    return np.rint(weight * box[..., :3] + (1 - weight) * film).astype(np.uint8)


def with_grain(picture: np.ndarray, index: int) -> np.ndarray:
    """Grey film grain, the same for each picture of this index: background and film share it."""
    grain = np.random.default_rng(index).normal(0, GRAIN, picture.shape[:2])
    return np.clip(np.rint(picture + grain[..., None]), 0, 255).astype(np.uint8)


def davis_palette() -> list[int]:
    """The 256 colours of DAVIS and PASCAL VOC: the bits of the index dealt out to red, green, blue."""
    colours = []
    for index in range(256):
        for channel in range(3):
            bits = [(index >> (3 * level + channel)) & 1 for level in range(3)]
            colours.append(sum(bit << (7 - level) for level, bit in enumerate(bits)))
    return colours


def write_masks(renders: list[Path], folder: Path) -> None:
    """Palette PNGs: 1 = robot, 0 = all else."""
    folder.mkdir(parents=True, exist_ok=True)
    palette = davis_palette()
    for render in renders:
        visible = np.asarray(Image.open(render).convert("L")) > 127
        mask = Image.fromarray(visible.astype(np.uint8))
        mask.putpalette(palette)  # makes an indexed picture of the grey one
        mask.save(folder / render.name, optimize=True)


def write_film(pictures: Iterator[np.ndarray], path: Path, crf: int) -> None:
    """H.264, 4:2:0, limited range, by the BT.709 matrix and tagged so. pictures: (H, W, 3) uint8 each."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        settings = {"crf": str(crf), "preset": "slower", "bf": "3"}
        stream = container.add_stream("libx264", FRAME_RATE, options=settings)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        tag_as_bt709(stream.codec_context)
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            tag_as_bt709(frame)
            frame.pts, frame.time_base = index, 1 / FRAME_RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def tag_as_bt709(target: av.VideoFrame | av.VideoCodecContext) -> None:
    target.color_primaries, target.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    target.colorspace, target.color_range = Colorspace.ITU709, ColorRange.MPEG


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("renders", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--crf", type=int, default=19)
    arguments = parser.parse_args()
    renders, output = arguments.renders, arguments.output
    films = [path for path in sorted((renders / "video").glob("*.png")) if path.stem.isdigit()]
    write_masks([renders / "masks" / path.name for path in films], output / "masks")
    write_film((with_grain(read_rgb(path), i) for i, path in enumerate(films)), output / "video.mp4", arguments.crf)
    backgrounds = (full_background(read_rgb(path), renders / "background" / path.name) for path in films)
    grained = (with_grain(picture, index) for index, picture in enumerate(backgrounds))
    write_film(grained, output / "background.mp4", arguments.crf)


if __name__ == "__main__":
    main()
