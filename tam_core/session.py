"""A session: one video, the user's words about its objects, and the masklets that follow from them.

It knows prompts, undo and which frames to walk; it does not know how masks are found (engines) or stored (formats).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tam_core import rle
from tam_core.engines import ENGINES
from tam_core.engines.base import Candidates, FrameMasks, Segmenter, Tracker
from tam_core.errors import FrameRangeError, PromptError
from tam_core.masklet import Masklet
from tam_core.prompts import Box, MaskPrompt, Prompt, TextPrompt, check_prompt
from tam_core.propagation import Direction, Plan, Propagation
from tam_core.reacquire import AcrossCuts, Proposal, parse_across_cuts
from tam_core.rle import RLE
from tam_core.segmentation import FrameSegmenter
from tam_core.shots import Shot
from tam_core.types import ObjectId
from tam_core.video.source import FrameSource

if TYPE_CHECKING:  # these two wait for torch
    from tam_core.engines.everything import FoundObject
    from tam_core.engines.text import TextScorer


@dataclass(frozen=True)
class _Edit:
    """Everything a session knows, at one moment. Undo goes back to an older one."""

    prompts: tuple[Prompt, ...] = ()
    anchors: Mapping[ObjectId, Mapping[int, RLE]] = field(default_factory=dict)
    """The user's masks: per object, per prompted frame."""
    masklets: Mapping[ObjectId, Masklet] = field(default_factory=dict)
    stale: frozenset[ObjectId] = frozenset()
    """Objects whose prompts changed since they were tracked."""
    ends: Mapping[ObjectId, int] = field(default_factory=dict)
    """The frame from which on an object was dropped."""
    proposals: tuple[Proposal, ...] = ()
    """Where objects may be in shots that they were not tracked in."""


class Session:
    """Prompts on any frame in, masklets out.

    ``tracker``, ``segmenter`` and ``scorer`` (of words) are engines or names from the engine table.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        tracker: Tracker | str = "auto",
        segmenter: Segmenter | str = "auto",
        scorer: "TextScorer | str" = "auto",
        device: str = "auto",
    ) -> None:
        self.source = source
        self._tracker, segmenter = _engines(tracker, segmenter, device)
        self._frames = FrameSegmenter(source, segmenter, scorer, device)
        self._now = _Edit()
        self._past: list[_Edit] = []
        self._future: list[_Edit] = []

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """All that the user has said, in order."""
        return self._now.prompts

    @property
    def masklets(self) -> dict[ObjectId, Masklet]:
        """What is known of each object: the prompted frames at once, the others once they are propagated."""
        return dict(self._now.masklets)

    @property
    def stale(self) -> set[ObjectId]:
        """Objects that were prompted since they were last propagated."""
        return set(self._now.stale)

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """Where the last propagations saw objects again after a cut, unsure: to be accepted or rejected."""
        return self._now.proposals

    def prompt(self, *prompts: Prompt, candidate: int = 0) -> FrameMasks:
        """Take clicks, boxes and masks for one frame and answer with the masks of their objects there.

        Clicks add to what was said before about the object on that frame; on a frame that was only tracked they correct
        the tracked mask. ``candidate`` picks another of the segmenter's answers. Raises PromptError.
        """
        if not prompts:
            raise PromptError("no prompt was given")
        frames = {prompt.frame for prompt in prompts}
        if len(frames) > 1:
            raise PromptError(f"prompts for frames {sorted(frames)} at once: give those of one frame at a time")
        for prompt in prompts:
            check_prompt(prompt, self.source.info.size, self.source.info.frame_count)
        frame = frames.pop()
        edit = self._with_prompts(frame, prompts)
        answers: dict[ObjectId, Candidates] = {}
        for object_id in sorted({prompt.object_id for prompt in prompts}):
            answers[object_id] = self._segment(edit, frame, object_id)
            edit = _anchored(edit, frame, object_id, _pick(answers[object_id], candidate))
        self._commit(edit)
        return FrameMasks(
            frame,
            {object_id: found.masks[candidate] for object_id, found in answers.items()},
            {object_id: float(found.scores[candidate]) for object_id, found in answers.items()},
        )

    def preview(self, *prompts: Prompt) -> Candidates:
        """What ``prompt`` would find for one object, changing nothing: up to three candidates, best first."""
        if len({(prompt.frame, prompt.object_id) for prompt in prompts}) != 1:
            raise PromptError("a preview takes the prompts of one object on one frame")
        frame, object_id = prompts[0].frame, prompts[0].object_id
        for prompt in prompts:
            check_prompt(prompt, self.source.info.size, self.source.info.frame_count)
        return self._segment(self._with_prompts(frame, prompts), frame, object_id)

    def everything(self, frame: int) -> "list[FoundObject]":
        """All objects that the segmenter finds on a frame by itself, best first (SAM, section 4), to choose from.

        Any of them is a prompt: ``MaskPrompt(frame, object_id, found.mask)``. Raises EngineNotReadyError for a
        segmenter that has to be shown where an object is.
        """
        return self._frames.everything(frame)

    def propagate(
        self,
        direction: Direction = "both",
        *,
        objects: Iterable[ObjectId] | None = None,
        start: int = 0,
        stop: int | None = None,
        across_cuts: AcrossCuts = "ask",
    ) -> Iterator[FrameMasks]:
        """Carry objects through the frames ``start`` .. ``stop`` (exclusive), yielding masks as they are found.

        By default the objects prompted since the last time are tracked, or all if there are none. Between two of the
        user's masks of an object, with ``both``, the forward and the backward pass are weighed against each other, so a
        correction improves frames on both sides; such a frame is yielded twice and the second is final. Closing the
        generator keeps what was found.

        Tracking ends at a cut. In other shots an object is tracked from its prompts there; where it has none, it is
        looked for, and either proposed ("ask", see ``proposals``), or followed where it is surely found and proposed
        where it is not ("auto"), or left alone ("stop").
        """
        plan = self._plan(direction, objects, start, stop)
        drafts = {object_id: _Draft(self._now.masklets[object_id]) for object_id in plan.anchors}
        finished = False
        run = Propagation(self.source, self._tracker, plan, parse_across_cuts(across_cuts))
        try:
            for found in run:
                for object_id in found.masks:
                    drafts[object_id].set(found, object_id)
                yield found
            finished = True
        finally:
            for object_id, shot in run.absences:
                drafts[object_id].forget(shot)
            done = {object_id: draft.masklet() for object_id, draft in drafts.items()}
            stale = self._now.stale - set(done) if finished else self._now.stale
            older = [p for p in self._now.proposals if p.object_id not in done or not _inside(p.frame, start, stop)]
            self._commit(
                replace(
                    self._now,
                    masklets={**self._now.masklets, **done},
                    stale=stale,
                    proposals=tuple(sorted([*older, *run.proposals], key=lambda proposal: proposal.frame)),
                )
            )

    def accept(self, proposal: Proposal) -> None:
        """The object is there: take the proposed mask as a prompt, so that the next ``propagate`` tracks that shot.

        ``propagate(start=proposal.shot.start, stop=proposal.shot.stop)`` tracks that shot alone. Raises PromptError
        unless the proposal is one of ``proposals``.
        """
        edit = self._without_proposal(proposal)
        self.prompt(MaskPrompt(proposal.frame, proposal.object_id, proposal.mask))
        self._now = replace(self._now, proposals=edit.proposals)

    def reject(self, proposal: Proposal) -> None:
        """The object is not there. It is looked for again when it is propagated again. Raises PromptError."""
        self._commit(self._without_proposal(proposal))

    def steps(
        self,
        direction: Direction = "both",
        *,
        objects: Iterable[ObjectId] | None = None,
        start: int = 0,
        stop: int | None = None,
    ) -> int | None:
        """How many frames ``propagate`` would visit with the same arguments; None for a live source."""
        count = self.source.info.frame_count
        return None if count is None else self._plan(direction, objects, start, stop).steps(count)

    def drop(self, object_id: ObjectId, from_frame: int | None = None) -> None:
        """Forget an object, or let it end at ``from_frame`` (it is not tracked there and later)."""
        self._known(object_id)
        now = self._now
        if from_frame is None:
            self._commit(
                _Edit(
                    tuple(prompt for prompt in now.prompts if prompt.object_id != object_id),
                    _less(now.anchors, object_id),
                    _less(now.masklets, object_id),
                    now.stale - {object_id},
                    _less(now.ends, object_id),
                    tuple(proposal for proposal in now.proposals if proposal.object_id != object_id),
                )
            )
            return
        masklet = now.masklets[object_id]
        shorter = masklet.without(frame for frame in masklet.frames if frame >= from_frame)
        self._commit(
            replace(
                now,
                masklets={**now.masklets, object_id: shorter},
                ends={**now.ends, object_id: from_frame},
            )
        )

    def undo(self) -> bool:
        """Take back the last prompt, propagation or drop. False when there is nothing to take back."""
        if not self._past:
            return False
        self._future.append(self._now)
        self._now = self._past.pop()
        return True

    def redo(self) -> bool:
        """Do again what was undone last. False when there is nothing to do again."""
        if not self._future:
            return False
        self._past.append(self._now)
        self._now = self._future.pop()
        return True

    def _commit(self, edit: _Edit) -> None:
        self._past.append(self._now)
        self._future.clear()
        self._now = edit

    def _without_proposal(self, proposal: Proposal) -> _Edit:
        if proposal not in self._now.proposals:
            raise PromptError(f"{proposal} is not, or no longer, among the {len(self._now.proposals)} proposals")
        return replace(self._now, proposals=tuple(other for other in self._now.proposals if other != proposal))

    def _known(self, object_id: ObjectId) -> None:
        if object_id not in self._now.masklets:
            raise PromptError(f"there is no object {object_id}; there are: {sorted(self._now.masklets) or 'none'}")

    def _with_prompts(self, frame: int, prompts: tuple[Prompt, ...]) -> _Edit:
        """The prompts added; on a frame that was only tracked, the tracked mask goes before the first of them."""
        now, added = self._now, list(self._now.prompts)
        for prompt in prompts:
            first_words = not any((p.frame, p.object_id) == (frame, prompt.object_id) for p in added)
            tracked = now.masklets.get(prompt.object_id)
            if first_words and tracked is not None and not isinstance(prompt, Box | MaskPrompt | TextPrompt):
                mask = tracked.mask(frame)
                if mask is not None and mask.any():
                    added.append(MaskPrompt(frame, prompt.object_id, mask))
            if isinstance(prompt, MaskPrompt):
                added = [p for p in added if (p.frame, p.object_id) != (frame, prompt.object_id)]
            added.append(prompt)
        return replace(now, prompts=tuple(added))

    def _segment(self, edit: _Edit, frame: int, object_id: ObjectId) -> Candidates:
        return self._frames.segment([p for p in edit.prompts if (p.frame, p.object_id) == (frame, object_id)])

    def _choose(self, objects: Iterable[ObjectId] | None) -> list[ObjectId]:
        if objects is None:
            return sorted(self._now.stale or self._now.anchors)
        chosen = sorted(set(objects))
        for object_id in chosen:
            self._known(object_id)
        return chosen

    def _plan(self, direction: Direction, objects: Iterable[ObjectId] | None, start: int, stop: int | None) -> Plan:
        """Raises FrameRangeError, or PromptError when no object has a prompt inside the range."""
        count = self.source.info.frame_count
        last = count if stop is None else stop
        if start < 0 or (last is not None and (start >= last or (count is not None and last > count))):
            raise FrameRangeError(f"frames {start} to {last} of a video of {count} frames")
        now, anchors, stops = self._now, {}, {}
        for object_id in self._choose(objects):
            ends = [end for end in (last, now.ends.get(object_id)) if end is not None]
            end = min(ends) if ends else None
            inside = {
                frame: mask
                for frame, mask in sorted(now.anchors.get(object_id, {}).items())
                if frame >= start and (end is None or frame < end)
            }
            if inside:
                anchors[object_id], stops[object_id] = inside, end
        if not anchors:
            raise PromptError("nothing to track: click on an object, or give a box or a mask, inside the range")
        return Plan(anchors, direction, start, stops)


class _Draft:
    """A masklet while it is being tracked."""

    def __init__(self, before: Masklet) -> None:
        self._before = before
        self.rles = dict(before.rles)
        self.scores = dict(before.scores)
        self.flags = dict(before.flags)

    def set(self, found: FrameMasks, object_id: ObjectId) -> None:
        self.rles[found.frame] = rle.encode(found.masks[object_id])
        self.scores[found.frame] = found.scores[object_id]
        self.flags.pop(found.frame, None)
        if object_id in found.flags:
            self.flags[found.frame] = found.flags[object_id]

    def forget(self, shot: Shot) -> None:
        """The object is not known to be in this shot, whatever was found there earlier."""
        for frame in range(shot.start, shot.stop):
            self.rles.pop(frame, None)
            self.scores.pop(frame, None)
            self.flags.pop(frame, None)

    def masklet(self) -> Masklet:
        return replace(self._before, rles=self.rles, scores=self.scores, flags=self.flags)


def _engines(tracker: Tracker | str, segmenter: Segmenter | str, device: str) -> tuple[Tracker, Segmenter]:
    """Names become engines; one that is both is loaded once."""
    tracks = ENGINES.get(tracker, "tracker", device) if isinstance(tracker, str) else None
    segments = ENGINES.get(segmenter, "segmenter", device) if isinstance(segmenter, str) else None
    loaded: Any = tracks.load(device) if tracks else tracker
    if tracks and segments and replace(segments, role="tracker") == tracks:
        return loaded, loaded
    other: Any = segments.load(device) if segments else segmenter
    return loaded, other


def _pick(candidates: Candidates, index: int) -> RLE:
    if not 0 <= index < len(candidates.masks):
        raise PromptError(f"candidate {index}: there are {len(candidates.masks)}, counted from 0")
    return rle.encode(candidates.masks[index])


def _anchored(edit: _Edit, frame: int, object_id: ObjectId, mask: RLE) -> _Edit:
    """The user's mask recorded on its frame; the object is to be tracked again."""
    if not mask.area:
        raise PromptError(f"nothing was found for object {object_id} on frame {frame}: click on the object itself")
    masklet = edit.masklets.get(object_id, Masklet(object_id, mask.size)).without([frame])
    shown = replace(masklet, rles={**masklet.rles, frame: mask}, scores={**masklet.scores, frame: 1.0})
    return replace(
        edit,
        anchors={**edit.anchors, object_id: {**edit.anchors.get(object_id, {}), frame: mask}},
        masklets={**edit.masklets, object_id: shown},
        stale=edit.stale | {object_id},
        ends=_less(edit.ends, object_id) if edit.ends.get(object_id, frame + 1) <= frame else edit.ends,
    )


def _inside(frame: int, start: int, stop: int | None) -> bool:
    return frame >= start and (stop is None or frame < stop)


def _less(mapping: Mapping[ObjectId, Any], object_id: ObjectId) -> dict[ObjectId, Any]:
    return {key: value for key, value in mapping.items() if key != object_id}
