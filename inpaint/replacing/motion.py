"""Follow an object as a plane: for every frame a matrix from the anchor frame, from the pixels inside its masks.

Points inside the mask of a reference frame are followed into the frame at hand and back. The reference is the anchor
frame for as long as it is recognised: then nothing adds up. Where it is not, the last frame that was takes its place,
and what adds up from there on is taken back by the boxes of the masks (``smooth``). Where there is nothing to hold on
to, the box alone is followed. An object that was gone comes back as its box says. Knows nothing of what is put in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from inpaint.camera import Matrix, Points, apply
from inpaint.replacing.fit import MODELS, Fit, choose_model, fit, shift
from inpaint.replacing.look import Look, box_of, corners, followed, look_at, seen
from tam_core.masklet import Masklet
from tam_core.video.source import Frame

SIDE = 360
"""The longer side of the object's box that motion is measured on, in pixels: the work follows the object's size."""

SHARE = 0.35
"""A reference is recognised if this share of its points that should be seen agree on one motion."""

BOX_ERROR = 3.0
"""How well a mask's box tells where the object is, in pixels."""

LOST_ERROR = 30.0
"""An object that nothing was seen of is only guessed."""

GONE = 3
"""An object that is not seen for more frames than this is looked for anew when it comes back."""

ALIKE = 0.5
"""If less than this share of the frames recognise the anchor, the object turns or bends: it is not a plane."""

COVER, BARE = 0.4, 0.2
"""Points on less than the first share of it do not tell how it is deformed, on less than the second how it lies."""


@dataclass(frozen=True)
class Place:
    """Where the object is on a frame: ``matrix`` takes the anchor frame's pixels there.

    ``error``: how well that is known, in pixels. ``steps``: how many references lie between the anchor and here.
    ``before``: the frame that was looked at before this one, None for one that is placed by itself. ``start``, ``end``
    (N, 2): points on the frame ``reference`` and here, which the matrix was fitted to, on the share ``cover`` of it.
    """

    frame: int
    matrix: Matrix
    error: float
    steps: int = 0
    before: int | None = None
    reference: int | None = None
    start: Points | None = field(default=None, repr=False)
    end: Points | None = field(default=None, repr=False)
    cover: float = 0.0


def choose_anchor(masklet: Masklet, frames: range) -> int | None:
    """The frame that shows most of the object and none of it cut off by the picture's edge; None if none shows any."""
    height, width = masklet.size
    best: tuple[bool, int, int] | None = None
    for frame in masklet.visible_frames:
        box = box_of(masklet, frame)
        if frame not in frames or box is None:
            continue
        whole = box[0] > 0 and box[1] > 0 and box[2] < width and box[3] < height
        if best is None or (whole, masklet.rles[frame].area) > best[:2]:
            best = whole, masklet.rles[frame].area, frame
    return None if best is None else best[2]


def stretches(masklet: Masklet, frames: range) -> list[range]:
    """The spans of frames over which the object is seen, but for short gaps."""
    found: list[range] = []
    for frame in masklet.visible_frames:
        if frame not in frames:
            continue
        if found and frame - found[-1].stop <= GONE:
            found[-1] = range(found[-1].start, frame + 1)
        else:
            found.append(range(frame, frame + 1))
    return found


class Follower:
    """Follows one object away from a frame on which its place is known: ``step`` with every frame, in one direction."""

    def __init__(self, masklet: Masklet, first: Frame, model: str, place: Place | None = None) -> None:
        self._masklet = masklet
        self._model = model if model in MODELS else MODELS[-1]
        box = box_of(masklet, first.index)
        assert box is not None, "the first frame shows the object"
        self._scale = min(1.0, SIDE / max(box[2] - box[0], box[3] - box[1], 1))
        self.first = place or Place(first.index, np.eye(3), 0.0)
        look = look_at(first, masklet, self._scale)
        assert look is not None
        self._references = {first.index: (look, corners(look), self.first)}
        self._last, self._before = self.first, self.first

    def step(self, frame: Frame) -> Place:
        """Where the object is on the next frame."""
        place = self._found(frame)
        self._before, self._last = self._last, place
        return place

    def find(self, frame: Frame) -> Place:
        """Where the object is on a frame that does not follow; placed by the box if it is not recognised."""
        boxed = self._by_size(frame.index)
        look = look_at(frame, self._masklet, self._scale)
        assert look is not None, "only asked for where it is seen"
        found = self._measured(frame.index, look, self.first.frame, boxed)
        return found if found is not None else Place(frame.index, boxed, BOX_ERROR, self.first.steps + 1)

    def _found(self, frame: Frame) -> Place:
        look = look_at(frame, self._masklet, self._scale)
        guesses = self._guesses(frame.index)
        if look is None:
            return Place(frame.index, guesses[0], LOST_ERROR, self._last.steps, self._last.frame)
        for reference in list(self._references):
            for guess in guesses:
                place = self._measured(frame.index, look, reference, guess)
                if place is not None:
                    self._keep(look, place)
                    return place
        return Place(frame.index, self._by_box(frame.index), BOX_ERROR, self._last.steps + 1, self._last.frame)

    def _keep(self, look: Look, place: Place) -> None:
        """Remember the first frame and the one that was recognised last."""
        first = self.first.frame
        self._references = {first: self._references[first], place.frame: (look, corners(look), place)}

    def _guesses(self, frame: int) -> list[Matrix]:
        """Where it may be: as it moved on, as the box of its mask moved, and as it was."""
        moved = self._last.matrix @ np.linalg.inv(self._before.matrix) @ self._last.matrix
        guesses = [np.asarray(moved / moved[2, 2], np.float64), self._last.matrix]
        if box_of(self._masklet, frame) is not None:
            guesses.insert(1, self._by_box(frame))
        return guesses

    def _by_box(self, frame: int) -> Matrix:
        """The last matrix, moved as the middle of the mask's box has moved since."""
        before, now = box_of(self._masklet, self._last.frame), box_of(self._masklet, frame)
        if before is None or now is None:
            return self._last.matrix
        shift = np.eye(3)
        shift[:2, 2] = (np.add(now[:2], now[2:]) - np.add(before[:2], before[2:])) / 2
        return np.asarray(shift @ self._last.matrix, np.float64)

    def _by_size(self, frame: int) -> Matrix:
        """The first frame's matrix, moved and scaled to the mask's box and area, upright as it was."""
        before, now = box_of(self._masklet, self.first.frame), box_of(self._masklet, frame)
        assert before is not None
        assert now is not None
        rles = self._masklet.rles
        zoom = np.sqrt(rles[frame].area / rles[self.first.frame].area)
        onto = np.diag([zoom, zoom, 1.0])
        onto[:2, 2] = (np.add(now[:2], now[2:]) - zoom * np.add(before[:2], before[2:])) / 2
        return np.asarray(onto @ self.first.matrix, np.float64)

    def _measured(self, frame: int, look: Look, reference: int, guess: Matrix) -> Place | None:
        """The place by one reference, beginning at a guess of it; None if the reference is not recognised."""
        there, points, place = self._references[reference]
        from_there: Matrix = np.asarray(guess @ np.linalg.inv(place.matrix), np.float64)
        to_there, to_here = np.linalg.inv(there.matrix), np.linalg.inv(look.matrix)
        for last in (False, True):
            onto: Matrix = np.asarray(there.matrix @ np.linalg.inv(from_there) @ to_here, np.float64)
            expected = seen(points, look, np.asarray(np.linalg.inv(onto), np.float64))
            start, end = followed(there, look, points, onto)
            start, end = apply(np.asarray(to_there), start), apply(np.asarray(to_here), end)
            found = fit(start, end, self._model, 1.5 / self._scale)
            if found is None or found.agree.sum() < SHARE * expected:
                return None
            if last:
                cover = _hull(start[found.agree]) / max(_hull(apply(np.asarray(to_there), points)), 1)
                return self._placed(frame, place, found, start, end, cover)
            from_there = found.matrix
        return None

    def _placed(self, frame: int, base: Place, found: Fit, start: Points, end: Points, cover: float) -> Place:
        matrix = found.matrix @ base.matrix
        return Place(
            frame,
            np.asarray(matrix / matrix[2, 2], np.float64),
            float(np.hypot(found.error, base.error)),
            base.steps + (base.frame != self.first.frame),
            self._last.frame,
            base.frame,
            start[found.agree],
            end[found.agree],
            cover,
        )


def _hull(points: Points) -> float:
    return float(cv2.contourArea(cv2.convexHull(points))) if len(points) > 2 else 0.0


def settle(places: Sequence[Place], motion: str) -> tuple[list[Place], str]:
    """All places with one model: ``motion``, or for "auto" the simplest that is enough; and its name.

    ``places`` as they were found, the anchor first; they come back in order of time.
    """
    anchor = places[0].frame
    pairs = [(p.start, p.end) for p in places if p.start is not None and p.end is not None and p.reference == anchor]
    tracked = sum(place.error < LOST_ERROR for place in places)
    model = motion
    if motion == "auto":
        model = choose_model(pairs) if len(pairs) >= ALIKE * (tracked - 1) else MODELS[0]
    done: dict[int, Place] = {}
    raw = {place.frame: place for place in places}
    for place in places:
        done[place.frame] = _refitted(place, done, raw, model)
    return [done[frame] for frame in sorted(done)], model


def _refitted(place: Place, done: dict[int, Place], raw: dict[int, Place], model: str) -> Place:
    """A place by a model. One that was only guessed keeps its way from the frame before it."""
    if place.reference is not None and place.start is not None and place.end is not None:
        base = done[place.reference]
        found = fit(place.start, place.end, model, 4.0) if place.cover >= COVER else None
        if found is None:  # it keeps its shape
            base = done.get(place.before if place.before is not None else place.reference, base)
            onto = base.matrix @ np.linalg.inv(done[place.reference].matrix)
            start = apply(np.asarray(onto), place.start)
            found = fit(start, place.end, MODELS[0], 4.0) if place.cover >= BARE else shift(start, place.end)
        if found is not None:
            return _at(place, found.matrix @ base.matrix, float(np.hypot(found.error, base.error)))
    if place.before is None:
        return place
    way = place.matrix @ np.linalg.inv(raw[place.before].matrix)
    return _at(place, way @ done[place.before].matrix, max(place.error, BOX_ERROR))


def _at(place: Place, matrix: Matrix, error: float) -> Place:
    return replace(place, matrix=np.asarray(matrix / matrix[2, 2], np.float64), error=error)
