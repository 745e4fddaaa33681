"""Fit the learned numbers of the grabcut segmenter on photographs, and say how good they are on others.

    python -m tests.benchmarks.fit_grabcut            # writes coefficients.json, takes some minutes
    python -m tests.benchmarks.fit_grabcut --check    # measures on the pictures that were held out

Reads only ``shared/data/train``. A third of its pictures is held out and never fitted to.
Clicks are simulated as in ``click_benchmark``, by the engine as fitted so far. Every fit is a logistic regression.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from tam_core.engines.grabcut import coefficients as learned
from tam_core.engines.grabcut import evidence, segmenter
from tam_core.engines.grabcut.coefficients import Measurements, weigh
from tam_core.engines.grabcut.levels import Level, find_hints, find_levels
from tam_core.engines.grabcut.view import LONG_SIDE, View, look, paste
from tam_core.formats.davis import read_labels
from tam_core.prompts import Click
from tam_core.types import XYXY, Mask, Pixels
from tam_core.video.pictures import read_picture
from tests.benchmarks import click_benchmark
from tests.benchmarks.click_benchmark import DATA, IGNORE, Case

SHARES = {"coco": 55, "pascals": 45, "ecssd": 25, "voc": 30, "human": 12, "ccp": 12, "msra": 9, "cow": 6}
"""How many pictures of each source; a third of them is held out."""
SEED = 1
CLICKS = 4
RIDGE = 3e-4
LEAST, MOST = 0.004, 0.5
"""Objects of less or more than this share of the picture are left out."""


@dataclass(frozen=True)
class Picture:
    """A photograph (H, W, 3), its labels (H, W), and the label of the object that is asked for."""

    pixels: Pixels
    labels: np.ndarray[Any, Any]
    label: int

    @property
    def case(self) -> Case:
        return Case("", self.pixels, self.labels == self.label, self.labels != IGNORE)


@dataclass(frozen=True)
class Example(Picture):
    """A picture at working size, with its superpixels."""

    view: View

    @property
    def sides(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """How many scored pixels (N,) of each superpixel are object, and are not."""
        regions, case = self.view.regions, self.case
        scored = np.bincount(regions.labels[case.scored], minlength=regions.count)
        inside = np.bincount(regions.labels[case.scored & case.truth], minlength=regions.count)
        return inside, scored - inside


@dataclass(frozen=True)
class Sample:
    """What somebody said about an example."""

    example: Example
    clicks: list[Click]
    box: XYXY | None


def pictures(held_out: bool) -> Iterator[Picture]:
    """One object of each picture, chosen by the seed."""
    folder = DATA / "train"
    for source, number in SHARES.items():
        there = sorted(path.stem for path in (folder / "masks").glob(f"{source}_*.png"))
        names = random.Random(f"{SEED} {source}").sample(there, number)
        for name in names[::3] if held_out else [*names[1::3], *names[2::3]]:
            labels = read_labels(folder / "masks" / f"{name}.png")
            sizes = {int(label): (labels == label).mean() for label in np.unique(labels)}
            objects = [label for label, size in sizes.items() if label not in (0, IGNORE) and LEAST < size < MOST]
            if objects:
                pixels = read_picture(next((folder / "images").glob(f"{name}.*")))
                yield Picture(pixels, labels, random.Random(f"{SEED} {name}").choice(objects))


def examples() -> Iterator[Example]:
    """Each object in its whole picture, and in a part of it like the engine's closer views."""
    chance = random.Random(SEED)
    for picture in pictures(held_out=False):
        yield example(picture, np.s_[:, :])
        rows, columns = np.nonzero(picture.case.truth)
        side = max(np.ptp(rows), np.ptp(columns)) + 6
        reach = side * chance.uniform(1.2, 3.2) / 2
        middle = (
            (axis.min() + axis.max()) / 2 + chance.uniform(-0.6, 0.6) * (reach - side / 2) for axis in (rows, columns)
        )
        part = tuple(slice(max(0, int(centre - reach)), int(centre + reach)) for centre in middle)
        yield example(picture, part)


def example(picture: Picture, part: Any) -> Example:
    labels, pixels = picture.labels[part], np.ascontiguousarray(picture.pixels[part])
    ratio = LONG_SIDE / max(labels.shape)
    shape = tuple(max(1, round(side * ratio)) for side in labels.shape[::-1])
    way = cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC
    view = look(cv2.resize(pixels, shape, interpolation=way))
    enlarged = cv2.resize(labels, shape, interpolation=cv2.INTER_NEAREST)
    return Example(view.pixels, enlarged, picture.label, view)


def logistic(measured: Sequence[Measurements], yes: Sequence[Any], no: Sequence[Any]) -> dict[str, float]:
    """Weights by name: Newton's method on standard units, a small ridge; ``yes`` and ``no`` weigh the two answers."""
    names = list(measured[0])
    values = np.concatenate([np.stack([one[name] for name in names], axis=1) for one in measured]).astype(np.float64)
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    design = np.column_stack([(values - mean) / spread, np.ones(len(values))])
    positive, both = np.concatenate(yes), np.concatenate(yes) + np.concatenate(no)
    positive, both = positive / both.sum(), both / both.sum()
    ridge = RIDGE * np.append(np.ones(len(names)), 0)
    weights = np.zeros(len(names) + 1)
    for _ in range(12):
        likely = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (both * likely - positive) + ridge * weights
        bend = (design * (both * likely * (1 - likely))[:, None]).T @ design + np.diag(ridge + 1e-9)
        weights -= np.linalg.solve(bend, slope)
    scaled = weights[:-1] / spread
    named = dict(zip(names, scaled, strict=True)) | {"constant": weights[-1] - scaled @ mean}
    return {name: float(f"{weight:.3g}") for name, weight in named.items()}


def balanced(sample: Sample) -> tuple[Any, Any]:
    """Weights of object and background, the same for small and large objects."""
    inside, outside = sample.example.sides
    more = np.clip(outside.sum() / max(inside.sum(), 1), 0.7, 3)
    return inside / max(inside.sum(), 1), outside / max(outside.sum(), 1) * more


def fit_edges(known: Sequence[Example]) -> dict[str, float]:
    """Is the border between two superpixels one between objects?"""
    measured, yes, no = [], [], []
    for one in known:
        regions = one.view.regions
        counts = np.zeros((regions.count, 256))
        np.add.at(counts, (regions.labels.ravel(), one.labels.ravel()), 1)
        label, pure = counts.argmax(axis=1)[regions.pairs], (counts.max(axis=1) / regions.areas)[regions.pairs]
        sure = (label != IGNORE).all(axis=1) & (pure > 0.7).all(axis=1)
        apart = (label[:, 0] != label[:, 1])[sure]
        measured.append({name: values[sure] for name, values in regions.edges.items()})
        yes.append(apart / sure.sum())
        no.append(~apart / sure.sum())
    return logistic(measured, yes, no)


def simulate(one: Example, clicks: int) -> list[Sample]:
    """The first clicks on an object, each where the engine is most wrong; and its box, with further clicks."""
    case, samples = one.case, []
    for box, number in ((None, clicks), (click_benchmark.tight_box(case).xyxy, min(clicks, 3))):
        given: list[Click] = []
        mask: Mask = np.zeros_like(case.truth)
        for step in range(number):
            click = click_benchmark.next_click(case, mask) if box is None or step else None
            given = [*given, click] if click else given
            samples.append(Sample(one, given, box))
            if clicks > 1:
                best = max(find_levels(one.view, given, box), key=lambda level: level.score)
                mask = segmenter.hold(best.mask, given, box)
    return samples


def fit_odds(samples: Sequence[Sample], kind: str) -> dict[str, dict[str, float]]:
    """Both rounds for "clicks" or "box": is this superpixel object?"""
    chosen = [sample for sample in samples if (sample.box is not None) == (kind == "box")]
    yes, no = zip(*(balanced(sample) for sample in chosen), strict=True)
    asked = [(one.example.view.regions, find_hints(one.example.view, one.clicks, one.box)) for one in chosen]
    first = [evidence.measure(regions, hints, evidence.find_seeds(regions, hints)) for regions, hints in asked]
    weights = logistic(first, yes, no)
    second = [
        evidence.remeasure(regions, measured, weigh(measured, weights))
        for (regions, _), measured in zip(asked, first, strict=True)
    ]
    return {kind: weights, f"{kind} again": logistic(second, yes, no)}


def fit_levels(clicks: int = 3) -> dict[str, float]:
    """Which of the masks is the object?"""
    measured, scores = [], []
    for case in (picture.case for picture in pictures(held_out=False)):
        whole, given, mask = look(case.pixels), [], np.zeros_like(case.truth)
        for _ in range(clicks):
            click = click_benchmark.next_click(case, mask)
            given = [*given, click] if click else given
            levels = segmenter.cut(whole, given, None)
            best = max(levels, key=lambda level: level.score)
            mask = segmenter.hold(paste(best.view, best.mask, case.pixels), given, None)
            measured += [level.measured for level in levels]
            scores += [np.array([overlap(case, level)]) for level in levels]
    return logistic(measured, scores, [1 - score for score in scores])


def overlap(case: Case, level: Level) -> float:
    """The IoU of a level at the size of its view."""
    view, shape = level.view, level.mask.shape
    part = case.truth[view.top :, view.left :][: view.pixels.shape[0], : view.pixels.shape[1]]
    truth = cv2.resize(part.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    missed = (case.truth.sum() - part.sum()) * view.scale.x * view.scale.y
    return float((truth & level.mask).sum() / ((truth | level.mask).sum() + missed))


def save(weights: dict[str, dict[str, float]]) -> None:
    learned.FILE.write_text(json.dumps(weights, indent=2) + "\n")
    learned.coefficients.cache_clear()


def fit() -> None:
    known = [one for one in examples() if one.case.truth.sum() >= 25]
    weights = {"edges": fit_edges(known), "level": {"expected": 1.0, "constant": 0.0}}
    save(weights)
    for clicks in (1, CLICKS):
        samples = [sample for one in known for sample in simulate(one, clicks)]
        for kind in ("clicks", "box"):
            weights |= fit_odds(samples, kind)
        save(weights)
    save(weights | {"level": fit_levels()})


def check(clicks: int = 3) -> None:
    """Mean IoU on the objects held out: of clicks, best of the candidates, box."""
    results = []
    for case in (picture.case for picture in pictures(held_out=True)):
        engine = segmenter.load()
        results.append(click_benchmark.measure(engine, case, clicks, engine.embed(case.pixels)))
    for name in ("best", "oracle", "box"):
        print(name, np.mean([getattr(result, name) for result in results], axis=0).round(3))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    cv2.setNumThreads(1)
    check() if parser.parse_args().check else fit()
