"""How good is a segmenter after 1, 2, ... 5 clicks, and from a box? Prints a table; run it as a script.

    python -m tests.benchmarks.click_benchmark --segmenter grabcut

Protocol: the first click is the point of the object farthest from its edge (the image border counts as an edge). Each
further click is the point farthest from the edge of the largest error region: positive where object is missing,
negative where there is too much. Scored is the IoU outside the uncertain band (label 255) of the best-ranked
candidate; "oracle" is the best of the candidates. The box is the tight box of the true mask.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tam_core.engines import ENGINES
from tam_core.engines.base import Candidates, Segmenter
from tam_core.evaluate import clicks
from tam_core.formats.davis import read_labels
from tam_core.prompts import Box, Click
from tam_core.types import Mask, Pixels
from tam_core.video.pictures import read_picture

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
IGNORE = 255


@dataclass(frozen=True)
class Case:
    """One object of one picture: pixels (H, W, 3), truth (H, W) bool, scored (H, W) bool (False = uncertain)."""

    name: str
    pixels: Pixels
    truth: Mask
    scored: Mask


@dataclass(frozen=True)
class Result:
    """IoU of the best-ranked and of the best candidate after each click; of the box; milliseconds per click."""

    best: list[float]
    oracle: list[float]
    box: float
    milliseconds: list[float]


def cases(folder: Path, labels: tuple[int, ...] = ()) -> Iterator[Case]:
    """Every labelled object of a folder with ``images`` and ``masks``; ``labels`` keeps only some."""
    for mask_path in sorted((folder / "masks").rglob("*.png")):
        image_path = next((folder / "images").glob(f"{mask_path.relative_to(folder / 'masks').with_suffix('')}.*"))
        pixels = read_picture(image_path)
        indexed = read_labels(mask_path)
        for label in np.unique(indexed):
            wanted = label not in (0, IGNORE) and (not labels or label in labels)
            if wanted and (indexed == label).sum() >= 25:
                yield Case(f"{mask_path.stem}:{label}", pixels, indexed == label, indexed != IGNORE)


def next_click(case: Case, mask: Mask) -> Click | None:
    """A click at the centre of the largest error region of ``mask``, or None where there is no error."""
    return clicks.next_click(case.truth, mask, 0, 1, ~case.scored)


def intersection_over_union(case: Case, mask: Mask) -> float:
    """IoU outside the uncertain band."""
    truth, found = case.truth[case.scored], mask[case.scored]
    union = (truth | found).sum()
    return float((truth & found).sum() / union) if union else 1.0


def tight_box(case: Case) -> Box:
    """The smallest box around the object."""
    return clicks.tight_box(case.truth, 0, 1)


def measure(segmenter: Segmenter, case: Case, count: int, embedding: Any) -> Result:
    """Click ``count`` times on one object, then give its box."""
    prompts: list[Click] = []
    best, oracle, times = [], [], []
    mask: Mask = np.zeros_like(case.truth)
    for _ in range(count):
        click = next_click(case, mask)
        if click:
            prompts.append(click)
        began = time.perf_counter()
        candidates: Candidates = segmenter.segment(embedding, prompts)
        times.append(1000 * (time.perf_counter() - began))
        mask = candidates.best
        best.append(intersection_over_union(case, mask))
        oracle.append(max(intersection_over_union(case, other) for other in candidates.masks))
    boxed = segmenter.segment(embedding, [tight_box(case)]).best
    return Result(best, oracle, intersection_over_union(case, boxed), times)


def measure_folder(segmenter: Segmenter, folder: Path, count: int, every: int = 1) -> list[Result]:
    """Results for all (or every n-th) objects of a folder; a picture is embedded once."""
    results, seen, embedding = [], None, None
    for case in list(cases(folder))[::every]:
        if case.pixels is not seen:
            seen, embedding = case.pixels, segmenter.embed(case.pixels)
        results.append(measure(segmenter, case, count, embedding))
    return results


def speed(segmenter: Segmenter, count: int = 3) -> tuple[float, list[float]]:
    """Milliseconds to embed a 1280x720 picture, and of each click on it."""
    first = next(iter(cases(DATA / "stills")))
    pixels = cv2.resize(first.pixels, (1280, 720), interpolation=cv2.INTER_CUBIC)
    truth = cv2.resize(first.truth.astype(np.uint8), (1280, 720), interpolation=cv2.INTER_NEAREST) > 0
    case = Case("720p", pixels, truth, np.ones_like(truth))
    began = time.perf_counter()
    embedding = segmenter.embed(pixels)
    embed_time = 1000 * (time.perf_counter() - began)
    return embed_time, measure(segmenter, case, count, embedding).milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segmenter", default="auto")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--clicks", type=int, default=5)
    parser.add_argument("--every", type=int, default=1, help="measure every n-th object only")
    parser.add_argument("folders", nargs="*", type=Path, default=[DATA / "stills", DATA / "clicktest"])
    asked = parser.parse_args()
    segmenter: Segmenter = ENGINES.get(asked.segmenter, "segmenter").load(device=asked.device)
    header = " ".join(f"{n + 1:>6}" for n in range(asked.clicks))
    print(f"{'mean IoU after clicks':28} {header} {'box':>6} {'objects':>8}")
    for folder in asked.folders:
        results = measure_folder(segmenter, folder, asked.clicks, asked.every)
        box = np.mean([result.box for result in results])
        for kind in ("best", "oracle"):
            means = np.mean([getattr(result, kind) for result in results], axis=0)
            row = " ".join(f"{value:6.3f}" for value in means)
            print(f"{folder.name + ', ' + kind:28} {row} {box:6.3f} {len(results):8}")
        print(
            f"{folder.name + ', ms':28} "
            + " ".join(f"{value:6.0f}" for value in np.median([result.milliseconds for result in results], axis=0))
        )
    embed_time, times = speed(segmenter)
    print(f"1280x720: embed {embed_time:.0f} ms, clicks " + " ".join(f"{value:.0f}" for value in times) + " ms")


if __name__ == "__main__":
    main()
