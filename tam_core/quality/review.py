"""What a whole masklet says: passes that agree or not, and the frame whose correction would help most."""

from itertools import groupby

from tam_core.masklet import Masklet

GOOD = 0.5
"""Confidence from which on a frame is left alone."""

_DISAGREE = 0.5


def agreed(confidence: float, flag: str, overlap: float) -> tuple[float, str]:
    """Confidence and flag of a mask once the pass from the other side is known; ``overlap`` is the IoU of the two.

    A pass that came by another way confirms the mask, or casts doubt on it.
    """
    if overlap < _DISAGREE and not flag:
        flag = f"the two passes disagree (IoU {overlap:.2f})"
    return (confidence * overlap) ** 0.5 if confidence < 1 else 1.0, flag


def next_frame_to_fix(masklet: Masklet) -> int | None:
    """The frame whose correction would help most; None when all is good.

    Of the stretches of bad frames (low confidence, or flagged) the one that adds up to the most doubt. In it, where the
    trouble began: of its flagged frames, or else of all, and of these the more doubtful half, the one nearest to a
    prompted frame. Never a prompted frame, nor its neighbour.
    """
    prompted = [frame for frame in masklet.frames if masklet.scores.get(frame) == 1]
    stretches = _bad_stretches(masklet, prompted)
    if not stretches:
        return None
    worst = max(stretches, key=lambda stretch: sum(_doubt(masklet, frame) for frame in stretch))
    suspects = [frame for frame in worst if frame in masklet.flags] or worst
    middle = sorted(_doubt(masklet, frame) for frame in suspects)[len(suspects) // 2]
    telling = [frame for frame in suspects if _doubt(masklet, frame) >= middle]
    return min(telling, key=lambda frame: _distance(frame, prompted))


def _bad_stretches(masklet: Masklet, prompted: list[int]) -> list[list[int]]:
    """Runs of neighbouring bad frames that can be fixed."""
    bad = [
        frame
        for frame in masklet.frames
        if (frame in masklet.flags or masklet.scores.get(frame, 1.0) < GOOD) and _distance(frame, prompted) > 1
    ]
    runs = groupby(enumerate(bad), key=lambda pair: pair[1] - pair[0])
    return [[frame for _, frame in run] for _, run in runs]


def _doubt(masklet: Masklet, frame: int) -> float:
    return 1 - masklet.scores.get(frame, 1.0) + (frame in masklet.flags)


def _distance(frame: int, prompted: list[int]) -> float:
    return min((abs(frame - other) for other in prompted), default=float("inf"))
