"""Soft mattes against the mask and the feathered mask on a clip whose alpha is known, all in this run.

    python tests/benchmarks/matte_benchmark.py [../shared/data/clean-plate/dancer] [MASKS]

MASKS: a tracker's, as ``tam track`` writes them, for a third table. The first is for exact masks (alpha over one half),
the second for masks whose outline wobbles by 1.5 px. Prints, over all frames: MSE (of 0..1, times 1000), SAD (pixels,
thousands a frame), gradient error (Rhemann et al. 2009), dtSSD (Erofeev et al. 2015, times 100), CPU seconds and frames
a second; then how far the colours of the layer are from the truth, in levels, where it is mixed.
"""

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np

from tam_core import rle
from tam_core.formats import read_masks
from tam_core.masklet import Masklet
from tam_core.matte import MatteSettings, decontaminated, soft_alpha, soft_alphas
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.video import ArraySource

CLIP = Path(__file__).parents[3] / "shared/data/clean-plate/dancer"
QUALITY = MatteSettings(quality=True)
Way = Callable[[ArraySource, Masklet], Iterable[FloatMap]]


def pictures(folder: Path, flags: int = cv2.IMREAD_COLOR_RGB) -> Pixels:
    """All pictures of a folder, (T, H, W[, 3])."""
    return np.stack([cv2.imread(str(path), flags) for path in sorted(folder.iterdir())])


def masks_of(masklet: Masklet) -> Iterable[Mask]:
    return (code.decode() for _, code in sorted(masklet.rles.items()))


def feathered(sigma: float) -> Way:
    return lambda source, masklet: (cv2.GaussianBlur(m.astype(np.float32), (0, 0), sigma) for m in masks_of(masklet))


def each_alone(settings: MatteSettings) -> Way:
    def run(source: ArraySource, masklet: Masklet) -> Iterable[FloatMap]:
        for frame, mask in zip(source.frames(0, len(masklet.rles)), masks_of(masklet), strict=True):
            yield soft_alpha(frame.pixels, mask, masklet.scores[frame.index], settings)

    return run


def steady(settings: MatteSettings) -> Way:
    return lambda source, masklet: (
        one.alphas[1] for one in soft_alphas(source, [masklet], 0, len(masklet.rles), settings)
    )


WAYS: dict[str, Way] = {
    "mask": lambda source, masklet: (mask.astype(np.float32) for mask in masks_of(masklet)),
    "feathered 1 px": feathered(1),
    "feathered 2 px": feathered(2),
    "fast, a frame alone": each_alone(MatteSettings()),
    "fast": steady(MatteSettings()),
    "quality, a frame alone": each_alone(QUALITY),
    "quality": steady(QUALITY),
}


def slopes(alpha: FloatMap) -> FloatMap:
    """Length of the gradient of a Gaussian of 1.4 px, as the matting benchmark has it."""
    smooth = cv2.GaussianBlur(alpha, (0, 0), 1.4)
    x, y = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(np.hypot(x, y))


def figures(found: FloatMap, truth: FloatMap) -> str:
    off = found - truth
    uneven = np.square(np.diff(found, axis=0) - np.diff(truth, axis=0)).mean((1, 2))
    gradient = np.mean([np.square(slopes(a) - slopes(b)).sum() for a, b in zip(found, truth, strict=True)])
    sad = np.abs(off).sum() / len(truth) / 1000
    return f"{1000 * np.square(off).mean():8.3f}{sad:8.3f}{gradient:8.2f}{100 * np.sqrt(uneven).mean():8.3f}"


def wobbling(mask: Mask, chance: np.random.Generator, pixels: float = 1.5) -> Mask:
    """The mask with its outline off by ``pixels`` (standard deviation), anew on every frame."""
    inner = mask.astype(np.uint8)
    depth = cv2.distanceTransform(inner, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - inner, cv2.DIST_L2, 5)
    noise = cv2.GaussianBlur(chance.normal(size=mask.shape), (0, 0), 8)
    return np.asarray(depth + noise * (pixels / noise.std()) > 0)


def masklet_of(masks: Iterable[Mask]) -> Masklet:
    codes = {index: rle.encode(mask) for index, mask in enumerate(masks)}
    return Masklet(1, codes[0].size, codes, dict.fromkeys(codes, 1.0))


def table(title: str, source: ArraySource, masklet: Masklet, truth: FloatMap) -> None:
    names = "".join(f"{name:>8}" for name in ("MSE", "SAD", "grad", "dtSSD", "CPU s", "fps"))
    print(f"\n{title}, {len(masklet.rles)} frames\n{'':24}{names}")
    for name, way in WAYS.items():
        next(iter(way(source, masklet)))  # compiled and loaded
        cpu, wall = time.process_time(), time.perf_counter()
        found = np.stack(list(way(source, masklet)))
        cpu, wall = (time.process_time() - cpu) / len(found), (time.perf_counter() - wall) / len(found)
        print(f"{name:24}{figures(found, truth[: len(found)])}{cpu:8.3f}{1 / wall:8.1f}")


def colours(frames: Pixels, clean: Pixels, truth: FloatMap) -> None:
    """The layer's colours times alpha against the frame less its background."""
    left: dict[str, list[float]] = {"the frame's": [], "decontaminated": []}
    for frame, plate, alpha in zip(frames[::6], clean[::6], truth[::6], strict=True):
        mixed = (alpha > 0.05) & (alpha < 0.95)
        share = alpha[..., None]
        wanted = frame - (1 - share) * plate
        for name, own in (("the frame's", frame), ("decontaminated", decontaminated(frame, alpha))):
            left[name].append(float(np.abs(own * share - wanted)[mixed].mean()))
    print("\n" + ", ".join(f"{name} colours: {np.mean(values):.1f} levels off" for name, values in left.items()))


def main(clip: Path, tracked: Path | None) -> None:
    frames = pictures(clip / "frames")
    truth = pictures(clip / "alpha", cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
    source = ArraySource(frames)
    exact = list(truth > 0.5)
    chance = np.random.default_rng(0)
    table("exact masks", source, masklet_of(exact), truth)
    table("wobbling masks", source, masklet_of(wobbling(mask, chance) for mask in exact), truth)
    if tracked is not None:
        (masklet,) = read_masks(tracked, source.info)
        table("tracked masks", source, masklet, truth)
    colours(frames, pictures(clip / "clean"), truth)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CLIP, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
