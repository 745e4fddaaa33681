"""Places over time: what added up is taken back by the masks' boxes, gaps are bridged, jitter is taken out without lag.

Works on the four corners of the anchor's box: a linear mean of similarities is a similarity, of affine maps an affine
map, so the model stays what it is.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from inpaint.camera import Matrix, apply
from inpaint.replacing.motion import LOST_ERROR, Place
from tam_core.types import XYXY, FloatMap

Floats = npt.NDArray[np.float64]

REACH = 2.0
"""Standard deviation, in frames, of the weights around a frame."""

CALM = 10.0
"""The same for the slow correction by boxes."""

PATIENCE = 6.0
"""After so many references in a row half of what the boxes say is believed."""


def corners_of(box: XYXY) -> FloatMap:
    """(4, 2): the corners of a box, in pixel-centre coordinates as OpenCV's matrices take them."""
    x0, y0, x1, y1 = (side - 0.5 for side in box)
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def everywhere(places: Sequence[Place], frames: range) -> list[Place]:
    """A place for every frame: where the object is not seen, the nearest place in time, not to be believed."""
    known = {place.frame: place for place in places}
    order = sorted(known)
    result = []
    for frame in frames:
        nearest = min(order, key=lambda other: abs(other - frame)) if frame not in known else frame
        gap = Place(frame, known[nearest].matrix, LOST_ERROR, known[nearest].steps)
        result.append(known.get(frame, gap))
    return result


def smoothed(places: Sequence[Place], box: XYXY) -> list[Matrix]:
    """One matrix for each place, in order of time; ``box`` is the object's on the anchor frame.

    A frame is moved towards a parabola through its neighbours (Savitzky and Golay 1964, with weights by distance and by
    how well each is known) the more, the less its distance from that exceeds its own error: real shaking stays.
    """
    corners = corners_of(box)
    tracks = np.stack([apply(place.matrix, corners) for place in places]).astype(np.float64)
    errors = np.array([max(place.error, 0.05) for place in places])
    smooth = _parabolas(tracks, errors, REACH)
    far = np.sqrt(((smooth - tracks) ** 2).sum(2).mean(1))
    share = (2 * errors) ** 2 / ((2 * errors) ** 2 + far**2)
    share[errors >= LOST_ERROR] = 1
    moved = tracks + share[:, None, None] * (smooth - tracks)
    return [
        np.asarray(cv2.getPerspectiveTransform(corners, quad.astype(np.float32)), np.float64)
        if place.error
        else place.matrix
        for place, quad in zip(places, moved, strict=True)
    ]


def _parabolas(tracks: Floats, errors: Floats, reach: float) -> Floats:
    """At each time the value of the parabola that fits the tracks (T, 4, 2) around it best."""
    count = len(tracks)
    result = tracks.copy()
    for now in range(count):
        near = np.arange(max(0, now - int(4 * reach)), min(count, now + int(4 * reach) + 1))
        known = errors[near] < LOST_ERROR
        wide = reach
        if known.sum() < 4:  # inside a gap: lean on both of its sides
            good = np.flatnonzero(errors < LOST_ERROR)
            near = np.sort(good[np.argsort(np.abs(good - now))[:8]]) if len(good) else near
            wide = max(reach, float(np.abs(near - now).max(initial=1)))
        away = (near - now) / wide
        weight = np.exp(-(away**2) / 2) / errors[near]
        degree = 2 if (near < now).sum() >= 2 and (near > now).sum() >= 2 else 1
        if len(near) <= degree or wide > reach:
            degree = 1 if len(near) > 1 else 0
        base = np.vander(away, degree + 1, increasing=True) * weight[:, None]
        answer, *_ = np.linalg.lstsq(base, tracks[near].reshape(len(near), -1) * weight[:, None], rcond=None)
        result[now] = answer[0].reshape(4, 2)
    return result


def without_drift(places: Sequence[Place], boxes: Sequence[XYXY | None], anchor_box: XYXY) -> list[Place]:
    """Places whose slow drift is taken back: ``boxes`` are the masks' where the object is seen whole, else None.

    A place that hangs on the anchor itself does not drift and stays; one at the end of a chain of references is moved
    and scaled towards its mask's box, the more the longer the chain. The correction is a slow mean over time.
    """
    wanted = np.zeros((len(places), 3))
    trust = np.zeros(len(places))
    for position, (place, box) in enumerate(zip(places, boxes, strict=True)):
        if box is not None and place.steps:
            wanted[position] = _difference(place.matrix, anchor_box, box)
            trust[position] = 1
    if not trust.any():
        return list(places)
    mean = _slow_mean(wanted, trust)
    return [_corrected(place, difference, anchor_box) for place, difference in zip(places, mean, strict=True)]


def _difference(matrix: Matrix, anchor_box: XYXY, box: XYXY) -> Floats:
    """(3,): how far right, down and (as a logarithm) larger the mask's box is than the anchor's box brought here."""
    moved = apply(matrix, corners_of(anchor_box))
    (x0, y0), (x1, y1) = moved.min(0) + 0.5, moved.max(0) + 0.5
    larger = np.log(max(box[2] - box[0], 1) * max(box[3] - box[1], 1) / max((x1 - x0) * (y1 - y0), 1)) / 2
    across, down = (box[0] + box[2] - x0 - x1) / 2, (box[1] + box[3] - y0 - y1) / 2
    return np.array([across, down, np.clip(larger, -1, 1)])


def _slow_mean(values: Floats, trust: Floats) -> Floats:
    away = np.arange(len(values))[:, None] - np.arange(len(values))
    weight = np.exp(-((away / CALM) ** 2) / 2) * trust
    return np.asarray(weight @ values / np.maximum(weight.sum(1), 1e-9)[:, None])


def _corrected(place: Place, difference: Floats, anchor_box: XYXY) -> Place:
    if not place.steps:
        return place
    share = place.steps / (place.steps + PATIENCE)
    across, down, larger = share * difference
    x, y = apply(place.matrix, corners_of(anchor_box)).mean(0)
    zoom = np.exp(larger)
    towards = np.array([[zoom, 0, x + across - zoom * x], [0, zoom, y + down - zoom * y], [0, 0, 1]])
    return replace(place, matrix=np.asarray(towards @ place.matrix, np.float64))
