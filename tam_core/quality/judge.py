"""What is known of each object in one pass, and how far its mask on the next frame fits that.

Gates: a mask whose area, place or looks jump is flagged in words, and what it shows is not learnt. What was surprising
is believed after a while, for tolerance grows with every frame since the last one without surprise.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tam_core.quality.looks import Measure, Sketch, likeness, measure
from tam_core.types import FloatMap, Mask, ObjectId

_MEMORY = 5
"""Frames whose median is the usual area and speed: a zoom of 10 % a frame passes, a jump shows."""
_AREA_JUMP = 1.8
"""Times, or parts, of the usual area."""
_PLACE_JUMP = 0.6
"""In square roots of the usual area, off the place where the object's speed would have it."""
_LOOKS_JUMP = 0.7
"""Likeness to both the prompted frames and the recent ones under which an object looks changed."""
_UNLIKE, _ALIKE = 0.7, 0.98
"""Likeness to the prompted frames that says nothing for a mask, and all that can be said."""
_PATIENCE = 0.25
"""How much wider all gates are with every frame since the last one without surprise."""
_ADAPTATION = 0.1
"""Share of the newest good frame in the colours seen lately."""
_SURPRISED = 0.5
"""What remains of the confidence of a mask that jumped."""
_SURE = 0.999
"""1 is reserved for the user's own masks."""


@dataclass(frozen=True)
class Verdict:
    """``confidence`` 0..1 in a mask; ``flag`` says in words what jumped, "" if nothing did; ``seen`` was measured."""

    confidence: float
    flag: str = ""
    seen: Measure | None = field(default=None, repr=False)


@dataclass
class Record:
    """One object as it was on the prompted frames, and lately.

    ``speeds`` are in pixels a frame; ``unsure`` counts the frames since the last good one.
    """

    prompted: dict[int, Measure] = field(default_factory=dict)
    areas: deque[float] = field(default_factory=lambda: deque(maxlen=_MEMORY))
    speeds: deque[npt.NDArray[np.float64]] = field(default_factory=lambda: deque(maxlen=_MEMORY))
    last: Measure | None = None
    colours: FloatMap | None = None
    unsure: int = 0

    def settle(self, seen: Measure) -> None:
        """The object is surely this; what was seen of it lately no longer counts."""
        self.areas.clear()
        self.speeds.clear()
        self.last, self.colours, self.unsure = None, None, 0
        self.learn(seen)

    def learn(self, seen: Measure) -> None:
        """A mask without surprise."""
        self.areas.append(seen.area)
        if self.last is not None:
            self.speeds.append((seen.centre - self.last.centre) / (self.unsure + 1))
        if self.colours is None:
            self.colours = seen.colours
        self.colours = self.colours + np.float32(_ADAPTATION) * (seen.colours - self.colours)
        self.last, self.unsure = seen, 0

    def surprises(self, seen: Measure) -> Iterable[str]:
        """What jumped, in words."""
        if self.last is None or self.colours is None:
            return
        slack = 1 + _PATIENCE * self.unsure
        usual = float(np.median(self.areas))
        ratio = seen.area / usual
        if abs(np.log(ratio)) > np.log(_AREA_JUMP) * slack:
            yield f"area jumped x{ratio:.2g}"
        moved = self.off_course(seen) if self.speeds else 0.0
        if moved > _PLACE_JUMP * np.sqrt(usual) * slack:
            yield f"jumped {moved:.0f} px"
        if max(likeness(seen.colours, self.colours), self.like_prompted(seen)) < _LOOKS_JUMP / slack:
            yield "looks changed"

    def off_course(self, seen: Measure) -> float:
        """Pixels between a mask and where the object would be at its usual speed."""
        assert self.last is not None
        expected = self.last.centre + np.median(self.speeds, axis=0) * (self.unsure + 1)
        return float(np.linalg.norm(seen.centre - expected))

    def like_prompted(self, seen: Measure) -> float:
        """Likeness to the most similar prompted frame."""
        return max((likeness(seen.colours, given.colours) for given in self.prompted.values()), default=1.0)

    def fit(self, seen: Measure) -> float:
        """How much a mask resembles what the user showed: colours and size, 0..1."""
        looks = np.clip((self.like_prompted(seen) - _UNLIKE) / (_ALIKE - _UNLIKE), 0, 1)
        growths = [abs(float(np.log(seen.area / given.area))) for given in self.prompted.values()]
        return float(looks * np.exp(-min(growths, default=0.0) / 3))

    def vanished(self) -> bool:
        """Whether an object not seen now was there just before: well inside the picture, and not growing smaller."""
        return self.last is not None and not self.last.at_border and self.last.area > 0.5 * float(np.median(self.areas))


@dataclass
class Judge:
    """The records of one pass over a video. Their size depends on the objects and the prompted frames only."""

    records: dict[ObjectId, Record] = field(default_factory=dict)

    def teach(self, object_id: ObjectId, frame: int, picture: Sketch, mask: Mask) -> None:
        """A mask (H, W) that the user gave."""
        seen = measure(picture, mask)
        if seen is not None:
            self.records.setdefault(object_id, Record()).prompted[frame] = seen

    def verdict(self, object_id: ObjectId, frame: int, picture: Sketch, mask: Mask, score: float) -> Verdict:
        """How far to trust a mask (H, W) that the tracker gives with this ``score``. Changes nothing."""
        record = self.records.get(object_id, Record())
        if frame in record.prompted:
            return Verdict(1.0, seen=record.prompted[frame])
        seen = measure(picture, mask)
        if seen is None:
            return _absent(record, score)
        flag = ", ".join(record.surprises(seen))
        # Powers and limits were fitted on twelve DAVIS clips, so that the confidence is about the IoU to be expected.
        confidence = np.cbrt(np.clip(score, 0, 1)) * record.fit(seen) * (_SURPRISED if flag else 1)
        return Verdict(float(min(_SURE, confidence)), flag, seen)

    def believe(self, object_id: ObjectId, picture: Sketch, mask: Mask) -> None:
        """Go on from a mask (H, W) that somebody vouches for, wherever the object was before."""
        record, seen = self.records.setdefault(object_id, Record()), measure(picture, mask)
        if seen is None:
            record.unsure += 1
        else:
            record.settle(seen)

    def learn(self, object_id: ObjectId, frame: int, verdict: Verdict) -> None:
        """Go on to the frame after a verdict's; a mask that jumped teaches nothing."""
        record = self.records.setdefault(object_id, Record())
        if verdict.seen is None or verdict.flag:
            record.unsure += 1
        elif frame in record.prompted:
            record.settle(verdict.seen)
        else:
            record.learn(verdict.seen)


def _absent(record: Record, score: float) -> Verdict:
    """An empty mask: the score speaks for the object, so against the verdict."""
    doubt = 1 - float(np.clip(score, 0, 1))
    if not record.vanished():
        return Verdict(0.6 * doubt)
    return Verdict(0.3 * doubt, "vanished" if not record.unsure else "")
