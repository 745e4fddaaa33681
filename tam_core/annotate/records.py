"""What was done with a video: submissions and the verdicts on them. Its state follows from these alone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from tam_core.types import ObjectId

State: TypeAlias = Literal["to do", "to verify", "satisfactory", "unsatisfactory"]
"""Without "taken": that is a video with a live lock, whatever its state."""


@dataclass(frozen=True)
class Work:
    """What a masklet took: ``seconds`` of the person, waiting included, of which ``machine_seconds`` were the engines'.

    ``interactions``: clicks, boxes and strokes, those that were undone as well.
    """

    seconds: float = 0.0
    machine_seconds: float = 0.0
    interactions: int = 0

    def __add__(self, other: "Work") -> "Work":
        return Work(
            self.seconds + other.seconds,
            self.machine_seconds + other.machine_seconds,
            self.interactions + other.interactions,
        )


@dataclass(frozen=True)
class Made:
    """A submitted masklet. ``edited``: the frames on which the annotator said something about it."""

    object_id: ObjectId
    work: Work
    edited: tuple[int, ...]


@dataclass(frozen=True)
class Submission:
    """An annotator is done. ``phase`` is 1, 2 or 3; ``frames``: on how many there are masks; ``time``: since 1970."""

    annotator: str
    phase: int
    time: float
    frames: int
    masklets: tuple[Made, ...]


@dataclass(frozen=True)
class Verdict:
    """Somebody looked at the last submission. ``unsatisfactory``: the masklets that have to be done better."""

    verifier: str
    time: float
    unsatisfactory: tuple[ObjectId, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Record:
    """All that happened to a video. Each verdict is on the submission of the same place."""

    submissions: tuple[Submission, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    @property
    def state(self) -> State:
        """What is to be done with it."""
        if not self.submissions:
            return "to do"
        if len(self.verdicts) < len(self.submissions):
            return "to verify"
        return "unsatisfactory" if self.verdicts[-1].unsatisfactory else "satisfactory"

    @property
    def work(self) -> dict[ObjectId, Work]:
        """What each masklet took, over all submissions."""
        total: dict[ObjectId, Work] = {}
        for submission in self.submissions:
            for made in submission.masklets:
                total[made.object_id] = total.get(made.object_id, Work()) + made.work
        return total


@dataclass(frozen=True)
class Draft:
    """What was done since the last submission, by object."""

    phase: int
    work: Mapping[ObjectId, Work] = field(default_factory=dict)

    def plus(self, object_id: ObjectId, more: Work) -> "Draft":
        """The same with more work."""
        return Draft(self.phase, {**self.work, object_id: self.work.get(object_id, Work()) + more})


def record_to_json(record: Record) -> dict[str, Any]:
    """For ``json.dumps``."""
    return asdict(record)


def record_from_json(data: Any) -> Record:
    """The opposite. Raises KeyError, TypeError or ValueError for anything else."""
    return Record(
        tuple(
            Submission(
                str(one["annotator"]),
                int(one["phase"]),
                float(one["time"]),
                int(one["frames"]),
                tuple(
                    Made(int(m["object_id"]), _work(m["work"]), tuple(map(int, m["edited"]))) for m in one["masklets"]
                ),
            )
            for one in data["submissions"]
        ),
        tuple(
            Verdict(str(v["verifier"]), float(v["time"]), tuple(map(int, v["unsatisfactory"])), str(v["note"]))
            for v in data["verdicts"]
        ),
    )


def draft_to_json(draft: Draft) -> dict[str, Any]:
    """For ``json.dumps``."""
    return {"phase": draft.phase, "work": {str(number): asdict(work) for number, work in draft.work.items()}}


def draft_from_json(data: Any) -> Draft:
    """The opposite. Raises KeyError, TypeError or ValueError for anything else."""
    return Draft(int(data["phase"]), {int(number): _work(work) for number, work in data["work"].items()})


def _work(data: Any) -> Work:
    return Work(float(data["seconds"]), float(data["machine_seconds"]), int(data["interactions"]))
