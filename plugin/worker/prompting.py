"""Clicks: what a person waits for. Engines are asked under the gate, before any step of a long job."""

from collections.abc import Sequence

from plugin.link import wire
from plugin.worker.convert import mask_of, masks_of, prompt_of
from plugin.worker.jobs import Jobs
from plugin.worker.opened import OpenSession
from tam_core import rle
from tam_core.engines.base import Candidates, FrameMasks
from tam_core.errors import PromptError
from tam_core.history import Prompted
from tam_core.prompts import Prompt
from tam_core.session import Session


def answer(opened: OpenSession, jobs: Jobs, asked: wire.PromptRequest) -> wire.PromptAnswer:
    """Take the prompts. All candidates are told where they are about one object."""
    prompts = _prompts(opened, asked)
    with jobs.gate.now(), opened.lock:
        session = opened.session
        undone = asked.replace and _undo_prompt(session, prompts)
        try:
            candidates = session.preview(*prompts) if len(_objects(prompts)) == 1 else None
            found = session.prompt(*prompts, candidate=asked.candidate)
        except BaseException:
            if undone:
                session.redo()
            raise
    return _told(opened, jobs, asked, found, candidates)


def preview(opened: OpenSession, jobs: Jobs, asked: wire.PromptRequest) -> wire.PromptAnswer:
    """What the prompts of one object would give, changing nothing."""
    prompts = _prompts(opened, asked)
    with jobs.gate.now(), opened.lock:
        candidates = opened.session.preview(*prompts)
    if not 0 <= asked.candidate < len(candidates.masks):
        raise PromptError(f"candidate {asked.candidate}: there are {len(candidates.masks)}, counted from 0")
    object_id, mask = prompts[0].object_id, candidates.masks[asked.candidate]
    found = FrameMasks(prompts[0].frame, {object_id: mask}, {object_id: float(candidates.scores[asked.candidate])})
    return _told(opened, jobs, asked, found, candidates)


def _prompts(opened: OpenSession, asked: wire.PromptRequest) -> list[Prompt]:
    if not asked.prompts:
        raise PromptError("no prompt was given")
    return [prompt_of(said, opened.session.source.info.size) for said in asked.prompts]


def _undo_prompt(session: Session, prompts: Sequence[Prompt]) -> bool:
    """Take back the last command if it was about the same objects on the same frame."""
    last = session.commands[-1] if session.commands else None
    if isinstance(last, Prompted) and last.frame == prompts[0].frame and set(last.masks) == _objects(prompts):
        return session.undo()
    return False


def _objects(prompts: Sequence[Prompt]) -> set[int]:
    return {prompt.object_id for prompt in prompts}


def _told(
    opened: OpenSession, jobs: Jobs, asked: wire.PromptRequest, found: FrameMasks, candidates: Candidates | None
) -> wire.PromptAnswer:
    object_id = next(iter(found.masks))
    scored = zip(candidates.masks, candidates.scores, strict=True) if candidates else ()
    return wire.PromptAnswer(
        found.frame,
        masks_of(found),
        [mask_of(object_id, rle.encode(mask), score) for mask, score in scored],
        asked.candidate,
        opened.state(jobs.of(opened.id)),
    )
