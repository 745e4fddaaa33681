"""The whole protocol between the worker and its clients: every message is a dataclass here, and JSON on the way.

Frames are counted from 0; points and boxes are in source pixels, (x, y) and (x0, y0, x1, y1) with x1, y1 exclusive;
times are seconds; scores are 0..1. A client may leave out every field that has a default. The addresses are in
``docs/worker.md``, and the worker describes them itself under ``/openapi.json``.
"""

from dataclasses import dataclass, field
from typing import Literal

from .dataclass_json import WireError as WireError
from .dataclass_json import from_data as from_data
from .dataclass_json import from_json as from_json
from .dataclass_json import to_json as to_json

PROTOCOL = 1
"""Raised when an old client would misread a new worker. Both sides say theirs; see ``Health``."""

Value = bool | int | float | str
"""Of a parameter from the catalogue."""

Direction = Literal["forward", "backward", "both"]
AcrossCuts = Literal["ask", "auto", "stop"]
JobStatus = Literal["queued", "running", "paused", "done", "cancelled", "failed"]
LaneState = Literal["prompted", "tracked", "low", "absent"]


# What is asked ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rle:
    """A mask in COCO's compressed run-length code; ``size`` is (height, width)."""

    size: tuple[int, int]
    counts: str


@dataclass(frozen=True, kw_only=True)
class Click:
    """A point on the object, or with ``positive`` False one that is not on it."""

    kind: Literal["click"] = "click"
    frame: int
    object_id: int
    x: float
    y: float
    positive: bool = True


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle around the object."""

    kind: Literal["box"] = "box"
    frame: int
    object_id: int
    xyxy: tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Painted:
    """The object itself, at source size: painted with a brush, or from another program."""

    kind: Literal["mask"] = "mask"
    frame: int
    object_id: int
    rle: Rle


@dataclass(frozen=True, kw_only=True)
class Text:
    """The object in words; needs an engine with the role "text"."""

    kind: Literal["text"] = "text"
    frame: int
    object_id: int
    text: str


Prompt = Click | Box | Painted | Text


@dataclass(frozen=True)
class OpenRequest:
    """Open a video or image folder (``path``), what was uploaded (``upload``, an id), or a project (``project``).

    A video that has a project already goes on with it. ``source``: where the project's video is now, if it was moved.
    """

    path: str | None = None
    upload: str | None = None
    project: str | None = None
    source: str | None = None
    engine: str = "auto"
    segmenter: str = "auto"


@dataclass(frozen=True)
class PromptRequest:
    """Prompts for one frame. ``candidate`` takes another of the segmenter's answers, for one object.

    ``replace``: take back the session's last command first, if it was a prompt on this frame: so that Tab goes through
    the candidates without filling the history.
    """

    prompts: list[Prompt]
    candidate: int = 0
    replace: bool = False


@dataclass(frozen=True)
class TrackRequest:
    """Carry objects (None: those that changed, or all) through the frames ``start`` .. ``stop`` (exclusive)."""

    direction: Direction = "both"
    objects: list[int] | None = None
    start: int = 0
    stop: int | None = None
    across_cuts: AcrossCuts = "ask"


@dataclass(frozen=True)
class ObjectChange:
    """What is not None becomes the object's name or colour ("#rrggbb")."""

    name: str | None = None
    colour: str | None = None


@dataclass(frozen=True)
class EngineChange:
    """Go on with other engines; None: as it is."""

    engine: str | None = None
    segmenter: str | None = None


@dataclass(frozen=True)
class ProposalAnswer:
    """Whether the object is where it was seen again after a cut."""

    accept: bool


@dataclass(frozen=True)
class RemoveRequest:
    """Make new pictures of objects (None: all) by an operation: take them away, replace them ...

    ``parameters`` as the catalogue's operation names them and, where it ``fills``, its inpainter. One that is a
    ``file`` is the full path of a file in an opened folder, or ``upload:ID``.
    """

    objects: list[int] | None = None
    inpainter: str = "auto"
    parameters: dict[str, Value] = field(default_factory=dict)
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True)
class ExportRequest:
    """Write a format of the catalogue. ``path`` None: the worker keeps the file, to be downloaded from the job."""

    format: str
    path: str | None = None
    objects: list[int] | None = None
    parameters: dict[str, Value] = field(default_factory=dict)
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True)
class LiveRequest:
    """A stream of pictures of one size that will be pushed in; ``engine`` tracks them."""

    width: int
    height: int
    engine: str = "auto"
    segmenter: str = "auto"


@dataclass(frozen=True)
class Limits:
    """``memory``: gigabytes beyond which the worker lets go of engines that nobody uses; None: it keeps them."""

    memory: float | None = None


# What is answered ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """Any failure. ``type`` is the error's name (see tam_core/errors.py), ``message`` says what to do."""

    type: str
    message: str
    status: int


@dataclass(frozen=True)
class Health:
    """That the worker is there, and which protocol it speaks."""

    version: str
    protocol: int
    pid: int
    uptime: float
    device: str


@dataclass(frozen=True)
class Parameter:
    """A setting of something in the catalogue. ``low`` and ``high`` bound numbers; ``choices`` are a menu.

    ``file``: a text that may be the path of a file, so that a file can be chosen.
    """

    name: str
    type: Literal["int", "float", "bool", "choice", "text"]
    default: Value
    summary: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: list[str] = field(default_factory=list)
    file: bool = False


@dataclass(frozen=True)
class Entry:
    """One thing that the worker can do. ``problem``: why it is not ready. ``takes``: what an export is made of.

    ``suffix`` of an export's file ("" is a folder, downloaded as a zip). ``download`` is in bytes, 0 for none.
    ``fills``: an operation that takes an inpainter, and its parameters beside its own.
    """

    name: str
    kind: Literal["tracker", "segmenter", "text", "inpainter", "effect", "export", "operation"]
    title: str
    summary: str
    licence: str = ""
    paper: str = ""
    ready: bool = True
    problem: str = ""
    download: int = 0
    parameters: list[Parameter] = field(default_factory=list)
    takes: Literal["", "masklets", "removal"] = ""
    suffix: str = ""
    fills: bool = False


@dataclass(frozen=True)
class Catalogue:
    """All that menus and panels are built from. ``defaults``: what "auto" means now, per kind."""

    entries: list[Entry]
    defaults: dict[str, str]


@dataclass(frozen=True)
class Video:
    """Facts about a session's video, as it is shown. ``rate`` is exact, such as "30000/1001".

    ``rotation``: by how many degrees clockwise the stored pictures were turned, for hosts that show them as they are.
    """

    name: str
    path: str
    width: int
    height: int
    rate: str
    frame_count: int
    duration: float
    has_audio: bool
    rotation: int = 0


@dataclass(frozen=True)
class Span:
    """Frames ``start`` .. ``stop`` (exclusive) of a lane. Frames in no span were never tracked."""

    start: int
    stop: int
    state: LaneState


@dataclass(frozen=True)
class ObjectState:
    """An object as the lists and lanes show it. ``stale``: prompted since it was tracked. ``fix_next``: a frame."""

    object_id: int
    name: str
    colour: str
    stale: bool
    lane: list[Span]
    prompted: list[int]
    fix_next: int | None = None
    fix_why: str = ""


@dataclass(frozen=True)
class Proposal:
    """After a cut an object may be here. ``index`` is for the answer, see ``ProposalAnswer``."""

    index: int
    object_id: int
    frame: int
    score: float
    rle: Rle
    start: int
    stop: int


@dataclass(frozen=True)
class Removal:
    """The finished edit of the video, by the ``operation`` of that name. ``outdated``: masks have changed since.

    ``provenance``: it is known where each of its pixels is from. ``id``: other pictures have another.
    """

    inpainter: str
    objects: list[int]
    start: int
    stop: int
    outdated: bool = False
    operation: str = "remove"
    provenance: bool = False
    id: str = ""


@dataclass(frozen=True)
class Hue:
    """A ``colour`` ("#rrggbb") of provenance pictures, and what it means."""

    colour: str
    title: str


@dataclass(frozen=True)
class Provenance:
    """Where an edit's pixels are from: shares of those that were filled, 0..1, and in words; what the colours mean."""

    copied: float
    made_up: float
    words: str
    hues: list[Hue]


@dataclass(frozen=True)
class FrameForecast:
    """A frame's ``hole`` as a share of the picture, and how much of it other frames show (``seen``), both 0..1."""

    frame: int
    hole: float
    seen: float


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a removal will be like. ``seen``: share of all holes that some frame shows, 0..1.

    ``worst``: the frames on which least is seen, worst first. ``seconds`` and ``memory`` (GB) are estimates for
    ``frames``, of which ``looked_at`` were looked at.
    """

    kind: Literal["forecast"] = "forecast"
    seen: float
    worst: list[FrameForecast]
    seconds: float
    memory: float
    frames: int
    looked_at: int


@dataclass(frozen=True)
class Finding:
    """A line of a receipt: what was compared, whether it is as promised, and what was found."""

    check: str
    passed: bool
    found: str


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """An exported result, opened again and compared with the source. ``passed``: nothing differs."""

    kind: Literal["receipt"] = "receipt"
    passed: bool
    findings: list[Finding]


@dataclass(frozen=True)
class Job:
    """Work that takes time. ``done`` of ``total`` steps; ``rate`` is steps a second; ``eta`` and ``seconds`` seconds.

    ``result`` says in words what there is now; ``download`` is the address of the file, if there is one to fetch;
    ``outcome`` is what a forecast, or the export of a result, found out.
    """

    id: str
    kind: str
    title: str
    status: JobStatus
    session_id: str | None = None
    done: int = 0
    total: int | None = None
    rate: float = 0.0
    eta: float | None = None
    seconds: float = 0.0
    result: str = ""
    download: str = ""
    problem: Problem | None = None
    outcome: Forecast | Receipt | None = None


@dataclass(frozen=True)
class SessionState:
    """All that a client shows of a session but masks and pictures. ``revision`` grows with every change.

    ``undo`` and ``redo`` name what they would take back or do again; "" means nothing. ``step`` says how many changes
    are done and not undone.
    """

    id: str
    project: str
    video: Video
    engine: str
    segmenter: str
    revision: int
    undo: str
    redo: str
    objects: list[ObjectState]
    cuts: list[int]
    proposals: list[Proposal]
    removal: Removal | None = None
    jobs: list[Job] = field(default_factory=list)
    step: int = 0


@dataclass(frozen=True)
class SessionEntry:
    """A line in the list of sessions and recent projects; ``id`` is "" for a project that is not open."""

    id: str
    project: str
    name: str
    changed: float


@dataclass(frozen=True)
class ObjectMask:
    """A mask of one object, and how far it can be trusted."""

    object_id: int
    rle: Rle
    score: float


@dataclass(frozen=True)
class FrameMasks:
    """The masks of a frame, and what the user said there (a painted mask is among the masks: it is left out here)."""

    frame: int
    masks: list[ObjectMask]
    prompts: list[Prompt] = field(default_factory=list)


@dataclass(frozen=True)
class PromptAnswer:
    """What was found. ``candidates`` are all answers for one prompted object, best first; ``candidate`` is in use."""

    frame: int
    masks: list[ObjectMask]
    candidates: list[ObjectMask]
    candidate: int
    state: SessionState


@dataclass(frozen=True)
class Upload:
    """A file that was sent; open it by its ``id``."""

    id: str
    name: str
    bytes: int


@dataclass(frozen=True)
class Live:
    """A live stream. ``received`` frames came, ``skipped`` of them gave way to newer ones; ``latency`` seconds."""

    id: str
    received: int = 0
    skipped: int = 0
    latency: float = 0.0


# What is told while it happens (server-sent events; the event's name is ``kind``) -------------------------------------


@dataclass(frozen=True, kw_only=True)
class MasksEvent:
    """Masks of one frame, as tracking finds them, or of a live frame, ``latency`` seconds after it was sent."""

    kind: Literal["masks"] = "masks"
    frame: int
    masks: list[ObjectMask]
    latency: float = 0.0


@dataclass(frozen=True, kw_only=True)
class JobEvent:
    """A job went on or ended."""

    kind: Literal["job"] = "job"
    job: Job


@dataclass(frozen=True, kw_only=True)
class StateEvent:
    """The session changed, by this client or another: ask for its state unless ``revision`` is known."""

    kind: Literal["state"] = "state"
    revision: int


Event = MasksEvent | JobEvent | StateEvent
