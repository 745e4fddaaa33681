"""Automatic masklets (SAM 2, section 5.1): a grid of points on a frame, the objects found there filtered and tracked.

A network of the SAM family is asked for all points at once (engines/everything.py). Any other segmenter is clicked
point by point; as it gives no logits, a mask of it is stable if clicks elsewhere inside it find it again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tam_core import rle
from tam_core.errors import EngineNotReadyError, PromptError
from tam_core.masklet import Masklet
from tam_core.prompts import Click, MaskPrompt
from tam_core.rle import RLE
from tam_core.session import Session
from tam_core.types import Mask


@dataclass(frozen=True)
class Filter:
    """What is kept of what was found.

    ``least_stability``: IoU of a mask with what clicks elsewhere inside it find, 0..1. ``most_overlap``: IoU beyond
    which the worse of two is the same object again, on the frame or through the video. ``least_share`` and
    ``most_share`` of the picture: below is too small to be worth it, above is background. ``least_trust``: mean score
    of a masklet's visible frames, 0..1. ``most``: so many are tracked.
    """

    points_per_side: int = 12
    least_stability: float = 0.7
    most_overlap: float = 0.7
    least_share: float = 0.001
    most_share: float = 0.6
    least_trust: float = 0.5
    most: int = 16


@dataclass(frozen=True)
class Proposed:
    """An object that was found without a person. ``score`` is the predicted IoU; both are 0..1."""

    code: RLE
    score: float
    stability: float


def find_objects(session: Session, frame: int, kept: Filter = Filter()) -> list[Proposed]:
    """The objects of a frame, best first. Changes nothing in the session."""
    try:
        found = [Proposed(one.rle, one.score, one.stability) for one in session.everything(frame)]
    except EngineNotReadyError:
        found = [_probed(session, frame, one) for one in _distinct(_clicked(session, frame, kept), kept)]
        found = [one for one in found if one.stability >= kept.least_stability]
    return _distinct(found, kept)[: kept.most]


def accept_all(session: Session, frame: int, found: Sequence[Proposed]) -> None:
    """Make objects 1, 2, ... of them in a session that has none, to be propagated."""
    for number, one in enumerate(found, 1):
        session.prompt(MaskPrompt(frame, number, one.code.decode()))


def worth_showing(session: Session, frame: int, found: Sequence[Proposed], kept: Filter = Filter()) -> list[Masklet]:
    """What ``accept_all`` and a propagation made, numbered anew: trusted, and not the same as a better one.

    None of the scores is 1, nobody has looked at them: on ``frame`` it is the stability.
    """
    trusted = sorted(((_trust(masklet, frame), masklet) for masklet in session.masklets.values()), key=lambda p: -p[0])
    chosen: list[Masklet] = []
    for trust, masklet in trusted:
        same = any(_overlap(masklet, better) > kept.most_overlap for better in chosen)
        if trust >= kept.least_trust and not same:
            stability = min(found[masklet.object_id - 1].stability, 0.999)
            chosen.append(replace(masklet, scores={**masklet.scores, frame: stability}))
    return [replace(masklet, object_id=number) for number, masklet in enumerate(chosen, 1)]


def _clicked(session: Session, frame: int, kept: Filter) -> list[Proposed]:
    """What a click on each point of the grid finds."""
    height, width = session.source.info.size
    places = (np.arange(kept.points_per_side) + 0.5) / kept.points_per_side
    found = (_at(session, frame, float(x * width), float(y * height)) for y in places for x in places)
    return [Proposed(rle.encode(mask), score, 0.0) for mask, score in found if _is_sized(mask, kept)]


def _at(session: Session, frame: int, x: float, y: float) -> tuple[Mask, float]:
    """The best answer to one click, and its score; nothing where the segmenter finds nothing."""
    fresh = max(session.objects, default=0) + 1
    try:
        answers = session.preview(Click(frame, fresh, x, y))
    except PromptError:
        return np.zeros(session.source.info.size, bool), 0.0
    return answers.best, float(answers.scores[0])


def _probed(session: Session, frame: int, one: Proposed) -> Proposed:
    """The same with its stability: the mean IoU with what four clicks inside it find."""
    mask = one.code.decode()
    overlaps = [rle.encode(_at(session, frame, x, y)[0]).iou(one.code) for x, y in _spread(mask)]
    return replace(one, stability=float(np.mean(overlaps)))


def _spread(mask: Mask) -> list[tuple[float, float]]:
    """Four points inside a mask, in its four quarters by area, away from its edge where it has an inside."""
    import cv2

    inside = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rows, columns = np.nonzero(inside if inside.any() else mask)
    order = np.lexsort((columns, rows))
    return [(float(columns[i]), float(rows[i])) for i in order[((np.arange(4) + 0.5) / 4 * len(order)).astype(int)]]


def _is_sized(mask: Mask, kept: Filter) -> bool:
    return bool(kept.least_share <= mask.mean() <= kept.most_share)


def _distinct(found: Iterable[Proposed], kept: Filter) -> list[Proposed]:
    """Best first, without those that a better one overlaps, the tiny ones and the background."""
    chosen: list[Proposed] = []
    for one in sorted(found, key=lambda one: (one.stability, one.score), reverse=True):
        share = one.code.area / (one.code.size[0] * one.code.size[1])
        fits = kept.least_share <= share <= kept.most_share
        if fits and all(one.code.iou(better.code) <= kept.most_overlap for better in chosen):
            chosen.append(one)
    return chosen


def _trust(masklet: Masklet, frame: int) -> float:
    """The mean score where it is visible, but on the frame that it was found on."""
    scores = [masklet.scores[other] for other in masklet.visible_frames if other != frame]
    return float(np.mean(scores)) if scores else 0.0


def _overlap(one: Masklet, other: Masklet) -> float:
    """Mean IoU on the frames that both have and one of them is visible on."""
    shared: Sequence[int] = [f for f in one.frames if f in other.rles and (one.rles[f].area or other.rles[f].area)]
    return float(np.mean([one.rles[f].iou(other.rles[f]) for f in shared])) if shared else 0.0
