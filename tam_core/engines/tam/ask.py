"""A tracker's doubtful mask -> a question to a segmenter: points, a box and logits. Knows no engine and no time."""

from collections.abc import Iterator

import cv2
import numpy as np

from tam_core.geometry import fit_long_side
from tam_core.prompts import Box, Click, Prompt
from tam_core.types import FloatMap, Mask, ObjectId

_POSITIVES, _NEGATIVES = 3, 2
_LEAST_PEAK = 0.5
"""A peak under this share of the highest one is no point to click on."""
_PRIOR_SIDE = 256
_SURE = 0.998
"""How sure the inside of a mask without logits is: +-6.2, inside the range of SAM's own logits."""
_DOUBT = 0.05
"""Width of its doubtful border, as a share of the square root of its area."""


def question(frame: int, object_id: ObjectId, mask: Mask, others: Mask, logits: FloatMap | None) -> list[Prompt]:
    """A box around a mask (H, W), clicks deep inside it, and clicks off it, deep inside ``others`` (H, W).

    Where there are ``logits`` (h, w) over the whole picture, a click prefers the pixels that they are sure of.
    """
    inside = depth(mask)
    if logits is not None:
        inside = inside * np.clip(cv2.resize(logits, mask.shape[::-1], interpolation=cv2.INTER_LINEAR), 0, None)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    return [
        Box(frame, object_id, box),
        *(Click(frame, object_id, x, y) for x, y in peaks(inside, _POSITIVES)),
        *(Click(frame, object_id, x, y, positive=False) for x, y in peaks(depth(others & ~mask), _NEGATIVES)),
    ]


def depth(mask: Mask) -> FloatMap:
    """How far each pixel of a mask (H, W) is from the nearest one outside; outside the picture counts."""
    padded = np.pad(mask.astype(np.uint8), 1)
    result: FloatMap = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    return result


def peaks(height: FloatMap, count: int) -> Iterator[tuple[float, float]]:
    """Up to ``count`` places (x, y) where a map (H, W) is highest, apart from each other."""
    height, highest = height.copy(), float(height.max(initial=0))
    apart = round(0.25 * float(np.sqrt(np.count_nonzero(height)))) + 1
    for _ in range(count):
        row, column = np.unravel_index(int(height.argmax()), height.shape)
        if height[row, column] <= _LEAST_PEAK * highest:
            return
        yield float(column), float(row)
        cv2.circle(height, (int(column), int(row)), apart, 0, cv2.FILLED)


def logits_of(mask: Mask) -> FloatMap:
    """Logits (h, w) for a mask (H, W) whose tracker has none: sure inside and outside, doubtful along the border."""
    working = fit_long_side((mask.shape[0], mask.shape[1]), _PRIOR_SIDE).working
    cover = cv2.resize(mask.astype(np.float32), working[::-1], interpolation=cv2.INTER_AREA)
    cover = cv2.GaussianBlur(cover, (0, 0), max(0.5, _DOUBT * float(np.sqrt(cover.sum()))))
    likely = np.clip(cover, 1 - _SURE, _SURE)
    result: FloatMap = np.log(likely / (1 - likely))
    return result
