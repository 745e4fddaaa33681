"""The annotate mode of the page (``tam annotate``): the queue, the video at hand, and the clock."""

from plugin.annotate.messages import (
    AnnotationState,
    BeatRequest,
    PhaseRequest,
    Prepared,
    PrepareRequest,
    ProposedMask,
    TakeRequest,
    VerdictRequest,
)
from plugin.annotate.room import Room
from plugin.worker.routes import TheWorker, new_router
from plugin.worker.worker import Worker
from tam_core.errors import RequestError

router = new_router("/api/annotate", "annotate")


@router.get("")
def state(worker: TheWorker) -> AnnotationState:
    """Whether this worker is for annotating, and how far that is."""
    return AnnotationState(False) if worker.annotation is None else worker.annotation.state()


@router.post("/take")
def take(worker: TheWorker, asked: TakeRequest) -> AnnotationState:
    """Take a video; one that is held is given back."""
    room = _room(worker)
    room.take(asked.name)
    return room.state()


@router.post("/release")
def release(worker: TheWorker) -> AnnotationState:
    """Give the video back."""
    room = _room(worker)
    room.give_back()
    return room.state()


@router.put("/phase")
def choose_phase(worker: TheWorker, asked: PhaseRequest) -> AnnotationState:
    """Annotate in another phase."""
    room = _room(worker)
    room.choose_phase(asked.phase)
    return room.state()


@router.post("/beat")
def beat(worker: TheWorker, asked: BeatRequest) -> AnnotationState:
    """The annotator is there. Without beats the video is given back."""
    room = _room(worker)
    room.beat(asked.work)
    return room.state()


@router.post("/prepare")
def prepare(worker: TheWorker, asked: PrepareRequest) -> Prepared:
    """To be asked before a prompt, which may begin its frame anew."""
    return Prepared(_room(worker).prepare(asked.frame, asked.object_id))


@router.get("/proposals")
def proposals(worker: TheWorker) -> list[ProposedMask]:
    """Objects that engines found in the video at hand."""
    return _room(worker).proposals()


@router.post("/submit")
def submit(worker: TheWorker) -> AnnotationState:
    """The masklets are done."""
    room = _room(worker)
    room.submit()
    return room.state()


@router.post("/verdict")
def verdict(worker: TheWorker, asked: VerdictRequest) -> AnnotationState:
    """Whether the masklets are satisfactory."""
    room = _room(worker)
    room.judge(asked.unsatisfactory, asked.note)
    return room.state()


def _room(worker: Worker) -> Room:
    if worker.annotation is None:
        raise RequestError("this worker is not for annotating: start it with tam annotate FOLDER")
    return worker.annotation
