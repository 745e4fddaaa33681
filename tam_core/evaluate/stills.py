"""The image task: clicks on single pictures. Mean IoU after some clicks, and how many it takes (RITM's NoC protocol).

A folder has ``images`` and ``masks`` of the same names; a mask's values are objects, 255 is not scored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tam_core import rle
from tam_core.engines.base import Segmenter
from tam_core.errors import MaskletError, RequestError
from tam_core.evaluate.clicks import next_click, tight_box
from tam_core.evaluate.scores import Worst
from tam_core.evaluate.sequences import VOID
from tam_core.formats.davis import read_labels
from tam_core.metrics import jaccard
from tam_core.prompts import Click
from tam_core.types import Mask, Pixels
from tam_core.video.images import list_pictures
from tam_core.video.pictures import read_picture

MOST_CLICKS = 20
_SMALLEST = 25
"""Pixels: what is smaller is no object that a person would click on."""
_GOOD = 0.90


@dataclass(frozen=True)
class Still:
    """A picture and the file of its labels."""

    name: str
    picture: Path
    labels: Path


@dataclass(frozen=True)
class ClickScores:
    """One object of a picture. ``ious`` after 1, 2 ... clicks, the last one standing for all that would follow.

    ``best``: the best of the candidates of the first click; ``box``: from the tight box. ``worst``: after the last.
    """

    picture: str
    object_id: int
    ious: tuple[float, ...]
    best: float
    box: float
    worst: Worst = field(repr=False)

    def after(self, clicks: int) -> float:
        """IoU after so many clicks."""
        return self.ious[min(clicks, len(self.ious)) - 1]

    def clicks_to(self, iou: float) -> int:
        """How many clicks until that IoU is reached, MOST_CLICKS if it never is (NoC)."""
        reached = (count for count, value in enumerate(self.ious, 1) if value >= iou)
        return next(reached, MOST_CLICKS)

    def document(self) -> dict[str, Any]:
        """What JSON can hold; ``read_clicks`` reads it."""
        codes = {"found": self.worst.found.counts.decode(), "truth": self.worst.truth.counts.decode()}
        numbers = {"ious": list(self.ious), "best": self.best, "box": self.box, "size": list(self.worst.truth.size)}
        return {"picture": self.picture, "object": self.object_id, **numbers, **codes}


def read_clicks(document: Mapping[str, Any]) -> ClickScores:
    """What ``ClickScores.document`` made."""
    height, width = document["size"]
    found, truth = (rle.parse((height, width), document[key]) for key in ("found", "truth"))
    numbers = (document["picture"], document["object"], tuple(document["ious"]), document["best"], document["box"])
    return ClickScores(*numbers, Worst(0, found, truth))


def find_stills(folder: Path) -> list[Still]:
    """The pictures of a folder that have labels. Raises RequestError."""
    images, masks = folder / "images", folder / "masks"
    if not (images.is_dir() and masks.is_dir()):
        raise RequestError(f"{folder} needs the folders 'images' and 'masks', with files of the same names")
    pictures = {picture.stem: picture for picture in list_pictures(images)}
    stills = [
        Still(file.stem, pictures[file.stem], file) for file in sorted(masks.glob("*.png")) if file.stem in pictures
    ]
    if not stills:
        raise RequestError(f"no file in {masks} is named like one of the {len(pictures)} pictures in {images}")
    return stills


def click_on(still: Still, segmenter: Segmenter) -> Iterator[ClickScores]:
    """Every object of a picture, which is looked at once. Raises MaskletError."""
    pixels, labels = read_picture(still.picture), read_labels(still.labels)
    if pixels.shape[:2] != labels.shape:
        raise MaskletError(f"{still.labels} has another size than {still.picture}")
    embedding = segmenter.embed(pixels)
    for number, truth in _objects(labels):
        yield _clicked(still.name, number, truth, labels == VOID, segmenter, embedding)


def _objects(labels: Any) -> Iterator[tuple[int, Mask]]:
    for value in np.unique(labels):
        if value not in (0, VOID) and np.count_nonzero(labels == value) >= _SMALLEST:
            yield int(value), labels == value


def _clicked(name: str, number: int, truth: Mask, void: Mask, segmenter: Segmenter, embedding: Pixels) -> ClickScores:
    said: list[Click] = []
    ious: list[float] = []
    best = 0.0
    mask = np.zeros_like(truth)
    while len(ious) < MOST_CLICKS and (len(ious) < 5 or ious[-1] < _GOOD):
        wrong = next_click(truth, mask, 0, number, void)
        if wrong is None:
            break
        said.append(wrong)
        candidates = segmenter.segment(embedding, said)
        mask = candidates.best
        ious.append(jaccard(mask & ~void, truth & ~void))
        if len(ious) == 1:
            best = max(jaccard(one & ~void, truth & ~void) for one in candidates.masks)
    boxed = segmenter.segment(embedding, [tight_box(truth, 0, number)]).best
    worst = Worst(0, rle.encode(mask), rle.encode(truth))
    return ClickScores(name, number, tuple(ious), best, jaccard(boxed & ~void, truth & ~void), worst)
