"""The simulated user: where would a person click who knows what is right? (SAM 2, appendix on simulated clicks.)

The first click is the point of the object farthest from its edge (the image border counts as an edge). Each further one
is the point farthest from the edge of the largest region that is wrong: positive where object is missing, negative
where there is too much. Nobody draws lots, so what is measured can be measured again.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from tam_core.errors import PromptError
from tam_core.prompts import Box, Click, MaskPrompt, Prompt
from tam_core.session import Session
from tam_core.types import Mask, ObjectId

STARTS = ("mask", "box", "1", "3", "5")
"""What an object is begun with: its true mask, the tight box of that, or clicks."""


def farthest_inside(region: Mask) -> tuple[int, int]:
    """The point (x, y) of ``region`` (H, W) that is farthest from its edge."""
    distance = cv2.distanceTransform(np.pad(region.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(distance.argmax()), distance.shape)
    return int(x), int(y)


def next_click(truth: Mask, found: Mask, frame: int, object_id: ObjectId, void: Mask | None = None) -> Click | None:
    """A click at the centre of the largest error, or None where there is no error. Masks are (H, W).

    ``void``: where neither answer is wrong.
    """
    best: tuple[int, Click] | None = None
    for wrong, positive in ((truth & ~found, True), (found & ~truth, False)):
        region, area = _largest(wrong if void is None else wrong & ~void)
        if area and (best is None or area > best[0]):
            best = area, Click(frame, object_id, *farthest_inside(region), positive)
    return best[1] if best else None


def tight_box(truth: Mask, frame: int, object_id: ObjectId) -> Box:
    """The smallest box around the object, which is seen there."""
    rows, columns = np.nonzero(truth)
    edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    x0, y0, x1, y1 = (float(edge) for edge in edges)
    return Box(frame, object_id, (x0, y0, x1, y1))


def begin(session: Session, frame: int, object_id: ObjectId, truth: Mask, start: str) -> None:
    """Say where an object is, in the way of ``start``, one of STARTS. One that nothing is found for is left out."""
    if start.isdecimal():
        click(session, frame, object_id, truth, int(start))
        return
    said: Prompt = MaskPrompt(frame, object_id, truth) if start == "mask" else tight_box(truth, frame, object_id)
    ask(session, [said], truth)


def click(session: Session, frame: int, object_id: ObjectId, truth: Mask, count: int) -> None:
    """Click ``count`` times where what the session knows is most wrong, or until nothing is."""
    masklet = session.masklets.get(object_id)
    known = masklet.mask(frame) if masklet else None
    mask = np.zeros_like(truth) if known is None else known
    clicked(truth, mask, count, frame, object_id, lambda said: ask(session, said, truth))


def clicked(
    truth: Mask,
    mask: Mask,
    count: int,
    frame: int,
    object_id: ObjectId,
    answer: Callable[[Sequence[Click]], Mask | None],
) -> Mask:
    """The mask after up to ``count`` clicks that correct ``mask``; ``answer`` makes a mask of what is new, or None.

    Clicks that leave nothing of the object are refused; they are said again together with the next one.
    """
    said: list[Click] = []
    for _ in range(count):
        wrong = next_click(truth, mask, frame, object_id)
        if wrong is None:
            break
        said.append(wrong)
        found = answer(said)
        mask, said = (np.zeros_like(truth), said) if found is None else (found, [])
    return mask


def ask(session: Session, said: Sequence[Prompt], truth: Mask) -> Mask | None:
    """The session's answer for one object, None where it finds nothing."""
    try:
        return session.prompt(*said).masks[said[0].object_id]
    except PromptError:
        return None


def _largest(wrong: Mask) -> tuple[Mask, int]:
    count, regions, statistics, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8), connectivity=8)
    if count < 2:
        return wrong, 0
    largest = 1 + int(statistics[1:, cv2.CC_STAT_AREA].argmax())
    region: Mask = regions == largest
    return region, int(statistics[largest, cv2.CC_STAT_AREA])
