"""What the page and the worker say to each other about annotating; the rest of the protocol is in link/wire.py."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PhaseEntry:
    """A way to annotate; ``tracks``: masks may be propagated."""

    number: int
    title: str
    summary: str
    tracks: bool


@dataclass(frozen=True)
class QueueEntry:
    """A video. ``state``: to do, taken (by ``holder``), to verify, satisfactory, unsatisfactory (``note`` says why).

    ``annotator``: who submitted it last.
    """

    name: str
    state: str
    holder: str = ""
    annotator: str = ""
    note: str = ""


@dataclass(frozen=True)
class ObjectWork:
    """What an object took: seconds of the person, of which the engines worked ``machine_seconds``; things said."""

    object_id: int
    seconds: float = 0.0
    machine_seconds: float = 0.0
    interactions: int = 0


@dataclass(frozen=True)
class AnnotationState:
    """The annotate mode; ``annotating`` False: this worker serves the ordinary page, and all else says nothing.

    ``taken`` is the video that this annotator has ("" for none), ``session`` its session, ``task`` what is to be done
    with it ("annotate", "verify"). Every ``step``-th frame of it is annotated. ``work`` is since the last submission.
    """

    annotating: bool
    annotator: str = ""
    phase: int = 3
    phases: list[PhaseEntry] = field(default_factory=list)
    queue: list[QueueEntry] = field(default_factory=list)
    taken: str = ""
    task: str = ""
    session: str = ""
    step: int = 1
    proposals: int = 0
    work: list[ObjectWork] = field(default_factory=list)


@dataclass(frozen=True)
class ProposedMask:
    """An object that engines found by themselves. ``rle`` is COCO's, size and counts; ``score`` is its stability."""

    index: int
    frame: int
    size: tuple[int, int]
    counts: str
    score: float


@dataclass(frozen=True)
class TakeRequest:
    """Take a video by its ``name``; None: what is due next."""

    name: str | None = None


@dataclass(frozen=True)
class PhaseRequest:
    """Annotate in this phase from now on."""

    phase: int


@dataclass(frozen=True)
class BeatRequest:
    """The annotator is still there; ``work`` was done since the last time."""

    work: list[ObjectWork] = field(default_factory=list)


@dataclass(frozen=True)
class PrepareRequest:
    """Something is going to be said about an object on a frame."""

    frame: int
    object_id: int


@dataclass(frozen=True)
class Prepared:
    """``forgotten``: the frame is done anew, what was tracked from there on is gone."""

    forgotten: bool


@dataclass(frozen=True)
class VerdictRequest:
    """The objects that are ``unsatisfactory``: none, and the video is done."""

    unsatisfactory: list[int] = field(default_factory=list)
    note: str = ""
