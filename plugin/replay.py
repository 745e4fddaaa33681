"""``tam replay``: all that was done in a project, done again with another engine, and what that changes."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from plugin.progress import with_progress
from tam_core import rle
from tam_core.atomic import naming_the_cause
from tam_core.engines import ENGINES
from tam_core.errors import EngineNotReadyError, PromptError
from tam_core.history import Accepted, Command, Dropped, Labelled, Prompted, Propagated, Rejected
from tam_core.masklet import Masklet
from tam_core.project import Project
from tam_core.project.project import check_new
from tam_core.prompts import MaskPrompt
from tam_core.reacquire import Proposal
from tam_core.rle import RLE
from tam_core.session import Session
from tam_core.types import ObjectId
from tam_core.video import open_video
from tam_core.words import to_prompt


def replay(path: Path, engine: str, segmenter: str | None, output: Path | None, device: str) -> list[str]:
    """Make the new project, which appears when it is complete. Answers with lines for the user."""
    ENGINES.get(engine, "tracker", device).check_ready()
    target = output or path.with_name(f"{path.stem}-{engine.partition('=')[0]}.tam")
    check_new(target)
    with closing(Project.open(path)) as old:
        before = Session(open_video(old.source_path), project=old)
        commands = [command for _, command in old.log.path(complete=True)]
        chosen = segmenter or before.engines.segmenter
        temporary = target.with_name(f".{target.stem}.{os.getpid()}.part.tam")
        try:
            after = _replayed(commands, temporary, old.source_path, engine, chosen, device)
            with naming_the_cause(target):
                temporary.rename(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return [f"{target}: done again with {engine}", *_differences(before.masklets, after)]


def _replayed(
    commands: Sequence[Command], folder: Path, source: Path, engine: str, segmenter: str, device: str
) -> dict[ObjectId, Masklet]:
    """The masklets that the commands lead to with other engines, in a project of their own."""
    with closing(Project.create(folder, source)) as project:
        session = Session(open_video(source), tracker=engine, segmenter=segmenter, device=device, project=project)
        do_again(session, commands)
        return session.masklets


def do_again(session: Session, commands: Sequence[Command]) -> None:
    """The commands of another session on this one, with progress where it takes time.

    Engines and removals are not done again: the first are chosen anew, the second were made of the old masks.
    """
    runs = sum(isinstance(command, Propagated) for command in commands)
    run = 0
    for command in commands:
        match command:
            case Prompted():
                _prompt(session, command)
            case Propagated():
                run += 1
                _propagate(session, command, f"tracking {run} of {runs}")
            case Accepted(proposal):
                _reject(session, proposal)
                session.prompt(MaskPrompt(proposal.frame, proposal.object_id, proposal.mask))
            case Rejected(proposal):
                _reject(session, proposal)
            case Dropped(object_id, from_frame):
                session.drop(object_id, from_frame)
            case Labelled(object_id, name, colour):
                session.label(object_id, name, colour)


def _prompt(session: Session, command: Prompted) -> None:
    """The user's words again. Where they find nothing now, the mask that the user accepted is given instead."""
    prompts = [to_prompt(word) for word in command.words]
    try:
        session.prompt(*prompts, candidate=_candidate(session, command))
    except (PromptError, EngineNotReadyError) as error:
        print(f"tam: note: {error}; the mask of before is kept", file=sys.stderr)
        session.prompt(*(MaskPrompt(command.frame, o, code.decode()) for o, code in command.masks.items()))


def _candidate(session: Session, command: Prompted) -> int:
    """Where the user chose another answer than the first, the one that is most like it."""
    if not command.candidate:
        return 0
    chosen = next(iter(command.masks.values()))
    answers = session.preview(*map(to_prompt, command.words)).masks
    return int(np.argmax([chosen.iou(rle.encode(answer)) for answer in answers]))


def _reject(session: Session, proposal: Proposal) -> None:
    """The question that the user answered, if it came up again."""
    for other in session.proposals:
        overlap = min(other.shot.stop, proposal.shot.stop) - max(other.shot.start, proposal.shot.start)
        if other.object_id == proposal.object_id and overlap > 0:
            session.reject(other)


def _propagate(session: Session, command: Propagated, title: str) -> None:
    """The same again; what the user stopped is stopped when it has been as far."""
    objects, start, stop = command.objects, command.start, command.stop
    left = {frame for frames in command.found.masks.values() for frame in frames}
    steps = session.steps(command.direction, objects=objects, start=start, stop=stop, across_cuts=command.across_cuts)
    found = session.propagate(
        command.direction, objects=objects, start=start, stop=stop, across_cuts=command.across_cuts
    )
    with closing(found):
        for masks in with_progress(found, title, steps):
            left.discard(masks.frame)
            if not left and not command.found.finished:
                return


def _differences(old: Mapping[ObjectId, Masklet], new: Mapping[ObjectId, Masklet]) -> Iterator[str]:
    """A line for each object: how alike its masks are, where either has one."""
    for object_id, masklet in sorted(old.items()):
        other = new[object_id]
        frames = sorted(masklet.rles.keys() | other.rles.keys())
        mean = np.mean([_likeness(masklet.rles.get(frame), other.rles.get(frame)) for frame in frames])
        yield f"object {object_id}: mean IoU {mean:.3f} with the old masks on {len(frames)} frames"


def _likeness(one: RLE | None, other: RLE | None) -> float:
    """IoU; a frame that was not tracked shows nothing."""
    if one is None or other is None:
        code = one or other
        return float(code is None or not code.area)
    return one.iou(other)
