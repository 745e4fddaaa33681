"""A session: one video, the user's words about its objects, and the masklets that follow from them.

It asks engines, and makes commands of their answers (see history.py); how these become what is known, and undo and
redo, is the timeline's. It does not know how masks are found or stored.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tam_core import rle
from tam_core.chosen import ChosenEngines, Loader, asked_for, engines_as_text, engines_from, load_engine, name_of
from tam_core.engines.base import Candidates, FrameMasks, Segmenter, Tracker
from tam_core.errors import ProjectError, PromptError
from tam_core.history import (
    Accepted,
    Command,
    Dropped,
    Edit,
    Engines,
    Labelled,
    Prompted,
    Propagated,
    Rejected,
    Removed,
    correction,
)
from tam_core.labels import Label, check_label
from tam_core.masklet import Masklet
from tam_core.prompts import Prompt, check_prompt
from tam_core.propagation import Direction, Plan
from tam_core.reacquire import AcrossCuts, Proposal, parse_across_cuts
from tam_core.registry import Role, Value
from tam_core.rle import RLE
from tam_core.timeline import MemoryLog, Timeline
from tam_core.tracking import carried, interrupted, planned
from tam_core.types import ObjectId
from tam_core.video.file import FileSource
from tam_core.video.plain import PlainSource
from tam_core.video.source import FrameSource
from tam_core.words import Word, to_prompt, to_word, with_words

if TYPE_CHECKING:  # these wait for torch, or for SQLite
    from tam_core.engines.everything import FoundObject
    from tam_core.engines.text import TextScorer
    from tam_core.project import Project


_ENGINES = "engines"
"""Where a project keeps the engines that it was begun with."""


class Session:
    """Prompts on any frame in, masklets out. A ``source`` may be deep: engines see it in 8 bits.

    ``tracker``, ``segmenter`` and ``scorer`` (of words) are engines or names from the engine table; names are checked
    at once, engines are loaded when they are first used, by ``loader``. With a ``project`` the session goes on where
    the project was left, and every change is in the project before it is seen here.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        tracker: Tracker | str = "auto",
        segmenter: Segmenter | str = "auto",
        scorer: "TextScorer | str" = "auto",
        device: str = "auto",
        project: "Project | None" = None,
        loader: Loader = load_engine,
    ) -> None:
        self.source = source
        self._plain = PlainSource(source)
        self.project = project
        self._chosen = ChosenEngines(tracker, segmenter, scorer, device, loader)
        named = Engines(name_of(tracker), name_of(segmenter))
        if project is None:
            self._chosen.check(asked_for(named))
            self._timeline = Timeline(MemoryLog(), Edit(engines=named))
        else:
            self._timeline = Timeline(project.log, Edit(engines=engines_from(project.meta(_ENGINES))))
            self._check_fit(project)
            self.begin_with(named.tracker, named.segmenter)

    @property
    def commands(self) -> list[Command]:
        """All that was done and not undone, oldest first."""
        return self._timeline.commands

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """All that the user has said, in order."""
        return tuple(to_prompt(word) for word in self._now.words)

    @property
    def objects(self) -> list[ObjectId]:
        """The objects that there are."""
        return sorted(self._now.masklets)

    @property
    def labels(self) -> dict[ObjectId, Label]:
        """Name and colour of every object, given or by default."""
        now = self._now
        return {object_id: now.label(object_id) for object_id in sorted(now.masklets)}

    @property
    def masklets(self) -> dict[ObjectId, Masklet]:
        """What is known of each object: the prompted frames at once, the others as soon as they are tracked."""
        return dict(self._now.masklets)

    @property
    def stale(self) -> set[ObjectId]:
        """Objects that were prompted since they were last propagated to the end."""
        return set(self._now.stale)

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """Where the last propagations saw objects again after a cut, unsure: to be accepted or rejected."""
        return self._now.proposals

    @property
    def engines(self) -> Engines:
        """The names of the engines in use."""
        return self._now.engines

    @property
    def held_engines(self) -> list[Any]:
        """The engines that were loaded for it and are in memory."""
        return self._chosen.held

    @property
    def removal(self) -> Removed | None:
        """The last removal that was finished."""
        return self._now.removal

    @property
    def removal_outdated(self) -> bool:
        """Whether masks of the removed objects have changed since."""
        return self._now.removal_outdated

    @property
    def revision(self) -> int:
        """A number that grows with every change."""
        return self._timeline.revision

    @property
    def undo_title(self) -> str:
        """What ``undo`` would take back, "" for nothing."""
        return self._timeline.undo_title

    @property
    def redo_title(self) -> str:
        """What ``redo`` would do again, "" for nothing."""
        return self._timeline.redo_title

    def prompted_frames(self, object_id: ObjectId) -> list[int]:
        """The frames on which the user said where the object is, ascending."""
        self._known(object_id)
        return sorted(self._now.anchors.get(object_id, {}))

    def prompt(self, *prompts: Prompt, candidate: int = 0) -> FrameMasks:
        """Take clicks, boxes and masks for one frame and answer with the masks of their objects there.

        Clicks add to what was said before about the object on that frame; on a frame that was only tracked they correct
        the tracked mask. ``candidate`` picks another of the segmenter's answers. Raises PromptError.

        While a propagation is suspended, its objects may be prompted: on that frame it no longer changes them.
        """
        self._check_prompts(prompts)
        frame, words = prompts[0].frame, tuple(map(to_word, prompts))
        corrected = correction(self._now, frame, words)
        said = with_words(self._now.words, words, corrected)
        answers = {
            object_id: self._segment(said, frame, object_id) for object_id in sorted({w.object_id for w in words})
        }
        masks = {object_id: _pick(found, candidate, frame, object_id) for object_id, found in answers.items()}
        self._timeline.add(Prompted(frame, words, masks, corrected, candidate))
        return FrameMasks(
            frame,
            {object_id: found.masks[candidate] for object_id, found in answers.items()},
            {object_id: float(found.scores[candidate]) for object_id, found in answers.items()},
        )

    def preview(self, *prompts: Prompt) -> Candidates:
        """What ``prompt`` would find for one object, changing nothing: up to three candidates, best first."""
        if len({(prompt.frame, prompt.object_id) for prompt in prompts}) != 1:
            raise PromptError("a preview takes the prompts of one object on one frame")
        self._check_prompts(prompts)
        frame, words = prompts[0].frame, tuple(map(to_word, prompts))
        said = with_words(self._now.words, words, correction(self._now, frame, words))
        return self._segment(said, frame, prompts[0].object_id)

    def everything(self, frame: int) -> "list[FoundObject]":
        """All objects that the segmenter finds on a frame by itself, best first (SAM, section 4), to choose from.

        Any of them is a prompt: ``MaskPrompt(frame, object_id, found.mask)``. Raises EngineNotReadyError for a
        segmenter that has to be shown where an object is.
        """
        return self._chosen.frames(self.engines, self._plain).everything(frame)

    def propagate(
        self,
        direction: Direction = "both",
        *,
        objects: Iterable[ObjectId] | None = None,
        start: int = 0,
        stop: int | None = None,
        across_cuts: AcrossCuts = "ask",
    ) -> Generator[FrameMasks, None, None]:
        """Carry objects through the frames ``start`` .. ``stop`` (exclusive), yielding masks as they are found.

        By default the objects prompted since the last time are tracked, or all if there are none. Between two of the
        user's masks of an object, with ``both``, the forward and the backward pass are weighed against each other, so a
        correction improves frames on both sides; such a frame is yielded twice and the second is final. Closing the
        generator keeps what was found; asked for the same again, before anything else was done with these objects, it
        goes on from there. One propagation runs at a time.

        Tracking ends at a cut. In other shots an object is tracked from its prompts there; where it has none, it is
        looked for, and either proposed ("ask", see ``proposals``), or followed where it is surely found and proposed
        where it is not ("auto"), or left alone ("stop").
        """
        self._timeline.check_still("tracking")
        plan = self._plan(direction, objects, start, stop)
        command = Propagated(tuple(plan.anchors), direction, start, stop, parse_across_cuts(across_cuts))
        earlier = self._interrupted(command)
        tracker = self._chosen.tracker(self.engines)
        yield from carried(self._timeline, self._plain, tracker, plan, command, earlier)

    def accept(self, proposal: Proposal) -> None:
        """The object is there: take the proposed mask as a prompt, so that the next ``propagate`` tracks that shot.

        ``propagate(start=proposal.shot.start, stop=proposal.shot.stop)`` tracks that shot alone. Raises PromptError
        unless the proposal is one of ``proposals``.
        """
        self._proposed(proposal)
        self._timeline.add(Accepted(proposal))

    def reject(self, proposal: Proposal) -> None:
        """The object is not there. It is looked for again when it is propagated again. Raises PromptError."""
        self._proposed(proposal)
        self._timeline.add(Rejected(proposal))

    def steps(
        self,
        direction: Direction = "both",
        *,
        objects: Iterable[ObjectId] | None = None,
        start: int = 0,
        stop: int | None = None,
        across_cuts: AcrossCuts = "ask",
    ) -> int | None:
        """How many frames ``propagate`` would visit with the same arguments; None for a live source."""
        count = self.source.info.frame_count
        if count is None:
            return None
        plan = self._plan(direction, objects, start, stop)
        earlier = self._interrupted(Propagated(tuple(plan.anchors), direction, start, stop, across_cuts))
        return plan.steps(count, earlier.found.place if earlier else None)

    def drop(self, object_id: ObjectId, from_frame: int | None = None) -> None:
        """Forget an object, or let it end at ``from_frame`` (it is not tracked there and later).

        Raises RequestError while a propagation is suspended.
        """
        self._timeline.check_still("drop")
        self._known(object_id)
        self._timeline.add(Dropped(object_id, from_frame))

    def label(self, object_id: ObjectId, name: str | None = None, colour: str | None = None) -> None:
        """Give an object a name, a colour ("#rrggbb") or both. Raises RequestError."""
        self._known(object_id)
        check_label(name, colour)
        self._timeline.add(Labelled(object_id, name, colour))

    def begin_with(self, tracker: str = "auto", segmenter: str = "auto") -> None:
        """The same as ``use``, but no step that can be undone if nothing was done yet; "auto" stays as it is."""
        named = asked_for(Engines(tracker, segmenter))
        if self._timeline.commands or self.redo_title:
            self._use(named)
            return
        self._adopt(named)
        begun = self._named(named)
        if begun != self.engines and self.project is not None:
            self.project.set_meta(_ENGINES, engines_as_text(begun))
        self._timeline.begin_anew(Edit(engines=begun))

    def use(self, tracker: str | None = None, segmenter: str | None = None) -> None:
        """Go on with other engines, by name; None stays as it is. Raises UnknownEngineError, EngineNotReadyError."""
        asked: dict[Role, str | None] = {"tracker": tracker, "segmenter": segmenter}
        self._use({role: name for role, name in asked.items() if name is not None})

    def rest(self) -> None:
        """Let go of what it has again in a moment: decoded frames, and what the segmenter saw in them."""
        self._chosen.forget_frames()
        if isinstance(self.source, FileSource):
            self.source.rest()

    def release_engines(self) -> None:
        """Let go of the engines in memory; they are loaded again when they are needed."""
        self._chosen.release()

    def removed(
        self,
        inpainter: str,
        objects: Iterable[ObjectId],
        start: int,
        stop: int,
        parameters: Mapping[str, Value],
        masklets: Mapping[ObjectId, Masklet],
    ) -> None:
        """Write down that the objects were removed, which took these ``masklets`` of theirs."""
        now, running = self._now, self._timeline.running
        chosen = tuple(sorted(objects))
        moved = any(now.masklets.get(object_id) != masklets.get(object_id) for object_id in chosen)
        growing = running is not None and not set(running.objects).isdisjoint(chosen)
        self._timeline.add(Removed(inpainter, chosen, start, stop, dict(parameters), outdated=moved or growing))

    def undo(self) -> bool:
        """Take back the newest change. False when there is nothing to take back.

        Raises RequestError if that is a propagation which is suspended: close it first.
        """
        return self._timeline.undo()

    def redo(self) -> bool:
        """Do again what was undone last. False when there is nothing to do again."""
        return self._timeline.redo()

    @property
    def _now(self) -> Edit:
        return self._timeline.now

    def _use(self, named: Mapping[Role, str]) -> None:
        self._adopt(named)
        engines = self._named(named)
        if engines != self.engines:
            self._timeline.add(engines)

    def _named(self, named: Mapping[Role, str]) -> Engines:
        return Engines(named.get("tracker", self.engines.tracker), named.get("segmenter", self.engines.segmenter))

    def _adopt(self, named: Mapping[Role, str]) -> None:
        self._chosen.check(named)
        self._chosen.adopt(named)

    def _proposed(self, proposal: Proposal) -> None:
        if proposal not in self.proposals:
            raise PromptError(f"{proposal} is not, or no longer, among the {len(self.proposals)} proposals")

    def _known(self, object_id: ObjectId) -> None:
        if object_id not in self._now.masklets:
            raise PromptError(f"there is no object {object_id}; there are: {self.objects or 'none'}")

    def _check_prompts(self, prompts: Sequence[Prompt]) -> None:
        if not prompts:
            raise PromptError("no prompt was given")
        frames = sorted({prompt.frame for prompt in prompts})
        if len(frames) > 1:
            raise PromptError(f"prompts for frames {frames} at once: give those of one frame at a time")
        for prompt in prompts:
            check_prompt(prompt, self.source.info.size, self.source.info.frame_count)

    def _check_fit(self, project: "Project") -> None:
        """Masks of another size would be read as noise."""
        size = self.source.info.size
        for masklet in self._now.masklets.values():
            if masklet.size != size:
                (height, width), (rows, columns) = size, masklet.size
                raise ProjectError(
                    f"{project.folder} has masks of {columns}x{rows} pixels for a video of {width}x{height}"
                )

    def _segment(self, said: tuple[Word, ...], frame: int, object_id: ObjectId) -> Candidates:
        prompts = [to_prompt(word) for word in said if (word.frame, word.object_id) == (frame, object_id)]
        return self._chosen.frames(self.engines, self._plain).segment(prompts)

    def _choose(self, objects: Iterable[ObjectId] | None) -> list[ObjectId]:
        if objects is None:
            return sorted(self._now.stale or self._now.anchors)
        chosen = sorted(set(objects))
        for object_id in chosen:
            self._known(object_id)
        return chosen

    def _interrupted(self, command: Propagated) -> Propagated | None:
        """What goes on when this is asked for. A live source cannot be walked again."""
        live = self.source.info.frame_count is None
        return None if live else interrupted(self._timeline.commands, command)

    def _plan(self, direction: Direction, objects: Iterable[ObjectId] | None, start: int, stop: int | None) -> Plan:
        return planned(self._now, self._choose(objects), direction, start, stop, self.source.info.frame_count)


def _pick(candidates: Candidates, index: int, frame: int, object_id: ObjectId) -> RLE:
    if not 0 <= index < len(candidates.masks):
        raise PromptError(f"candidate {index}: there are {len(candidates.masks)}, counted from 0")
    mask = rle.encode(candidates.masks[index])
    if not mask.area:
        raise PromptError(f"nothing was found for object {object_id} on frame {frame}: click on the object itself")
    return mask
