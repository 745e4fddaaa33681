"""Tracking in spans. Either they follow one another, each going on where the one before stood; or each is begun by the
prompts in it, all at once.

A span that goes on has the tracker's memory from the one before, see handover.py. Ids are the prompts'.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Literal

from plugin.arguments import PromptArguments
from plugin.batch.handover import Handover, Resumed, read_handover, write_handover
from plugin.batch.spans import Span
from plugin.batch.unit import Made
from plugin.batch.words import Call, Word, checked_call, with_files
from plugin.continuing import working_session
from plugin.finding import Asked, Choice, prepare, say
from tam_core import rle
from tam_core.engines import ENGINES
from tam_core.engines.base import FrameMasks
from tam_core.errors import NotVisibleError, RequestError
from tam_core.formats.masklet_json import write_masklets
from tam_core.masklet import Masklet, Sighting
from tam_core.propagation import Anchors, Plan, Propagation
from tam_core.reacquire import parse_across_cuts
from tam_core.retrace import Past, Place
from tam_core.session import Session
from tam_core.types import ObjectId
from tam_core.video import FrameSource

Way = Literal["forward", "backward"]


@dataclass(frozen=True)
class TrackSpan:
    """One span of a chain. Inputs: the video, files of the words, and last what the span before found, if one did.

    Forward, objects are followed from their first prompts on; backward, to what lies before them.
    """

    operation: str
    words: tuple[Word, ...]
    span: Span
    way: Way
    goes_on: bool

    def make(self, inputs: Sequence[Path], output: Path) -> Made:
        """Write the span's masklets, and the last frames of those before that the next span needs."""
        call = _call(self.operation, self.words, inputs, output)
        source, session, choice = _begun(inputs[0], call)
        earlier = read_handover(inputs[-1]) if self.goes_on else Handover((), None)
        known, place, plan = (
            {one.object_id: one for one in earlier.masklets},
            earlier.place,
            _plan(session, self, choice),
        )
        found: dict[ObjectId, dict[int, Sighting]] = {}
        memory = None
        if plan is not None:
            before = _sightings(known.values(), plan.anchors)
            tracker = ENGINES.get(choice.engine, "tracker", choice.device).load(choice.device)
            resumed = Resumed(tracker, earlier.memory if place else None, place.frame if place else 0, before)
            past = Past(place, before, [], []) if place else None
            run = Propagation(source, resumed, plan, parse_across_cuts(choice.across_cuts), past)
            for masks in run:
                _keep(found, masks, plan, self)
            place = run.place
            memory = resumed.state if place and place.frame == self.last else None
        masklets = _masklets(found, known, _needed(plan, self.way, place), source.info.size)
        write_handover(output, Handover(masklets, place, memory), source.info)
        said = f"frames {self.span.start} to {self.span.stop} tracked {self.way}, {len(found)} objects"
        return Made(len(self.span), said)

    @property
    def last(self) -> int:
        """The frame at which the next span goes on."""
        return self.span.stop - 1 if self.way == "forward" else self.span.start


def _needed(plan: Plan | None, way: Way, place: Place | None) -> Iterable[int]:
    """The frames that the next span walks once more."""
    if plan is None or place is None:
        return ()
    return Past(place, {}, [], []).again(plan.first if way == "forward" else plan.last)


@dataclass(frozen=True)
class TrackAlone:
    """One span by the prompts in it. Inputs: the video and the files of the words."""

    operation: str
    words: tuple[Word, ...]
    span: Span

    def make(self, inputs: Sequence[Path], output: Path) -> Made:
        """Write the span's masklets, up to its end in the next one."""
        source, session, choice = _begun(inputs[0], _call(self.operation, self.words, inputs, output))
        frames = range(self.span.start, self.span.end)
        own = range(self.span.start, self.span.stop)  # what is prompted in the overlap is the next span's
        chosen = [one for one in session.objects if any(f in own for f in session.prompted_frames(one))]
        if not chosen:
            raise RequestError(
                f"no prompt on the frames {frames.start} to {frames.stop}: spans on their own need one each"
            )
        policy = parse_across_cuts(choice.across_cuts)
        for _ in session.propagate("both", objects=chosen, start=frames.start, stop=frames.stop, across_cuts=policy):
            pass
        masklets = [
            session.masklets[one].without(f for f in session.masklets[one].rles if f not in frames) for one in chosen
        ]
        write_masklets(masklets, output, source.info)
        return Made(len(self.span), f"frames {frames.start} to {frames.stop} tracked, {len(chosen)} objects")


def _call(operation: str, words: tuple[Word, ...], inputs: Sequence[Path], output: Path) -> Call:
    changed = with_files(operation, words, lambda token: str(inputs[int(Path(token).name)]))
    return checked_call(operation, str(inputs[0]), str(output), changed)


def _begun(path: Path, call: Call) -> tuple[FrameSource, Session, Choice]:
    """A session to which all prompts of the words were said."""
    given = call.given
    prompts = PromptArguments(*(given[name] for name in ("click", "not_", "box", "mask", "text")))
    words = ("engine", "segmenter", "device", "start", "stop")
    choice = Choice(**{name: given[name] for name in words}, across_cuts=given["across_cuts"])
    with redirect_stderr(StringIO()):
        source, asked, _ = prepare(Asked(path, prompts, choice=choice), None, wanted=True)
        with working_session(source, path, None, choice.engine, choice.segmenter, choice.device) as session:
            say(session, asked)
    return source, session, choice


def _plan(session: Session, task: TrackSpan, choice: Choice) -> Plan | None:
    """What is carried through the span; None where that is nothing.

    All objects are in it, also those that are prompted later: the memory that is handed on has to know them.
    """
    way, span, known = task.way, task.span, session.masklets
    asked = range(choice.start, sys.maxsize if choice.stop is None else choice.stop)
    prompted = {one: [frame for frame in session.prompted_frames(one) if frame in asked] for one in session.objects}
    anchors: dict[ObjectId, Mapping[int, rle.RLE]] = {
        one: {frame: known[one].rles[frame] for frame in frames} for one, frames in prompted.items() if frames
    }
    if way == "forward":
        begun = any(min(masks) < span.stop for masks in anchors.values())
        return Plan(anchors, way, asked.start, dict.fromkeys(anchors, span.stop)) if begun else None
    firsts = {one: {min(masks): masks[min(masks)]} for one, masks in anchors.items() if min(masks) > asked.start}
    begun = any(min(masks) > span.start for masks in firsts.values())
    return Plan(firsts, way, span.start, dict.fromkeys(firsts)) if begun else None


def _keep(found: dict[ObjectId, dict[int, Sighting]], masks: FrameMasks, plan: Plan, task: TrackSpan) -> None:
    """Take what belongs to the span and lies on this side of an object's first prompt."""
    if not task.span.start <= masks.frame < task.span.stop:
        return
    for object_id, mask in masks.masks.items():
        if task.way == "backward" and masks.frame >= min(plan.anchors[object_id]):
            continue
        sighting = Sighting(rle.encode(mask), float(masks.scores[object_id]), masks.flags.get(object_id, ""))
        found.setdefault(object_id, {})[masks.frame] = sighting


def _sightings(known: Iterable[Masklet], anchors: Anchors) -> dict[ObjectId, dict[int, Sighting]]:
    """What was found before, and the prompts."""
    before: dict[ObjectId, dict[int, Sighting]] = {
        one.object_id: {f: Sighting(code, one.scores.get(f, 1.0), one.flags.get(f, "")) for f, code in one.rles.items()}
        for one in known
    }
    for object_id, masks in anchors.items():
        mine = before.setdefault(object_id, {})
        mine.update({frame: Sighting(code, 1.0) for frame, code in masks.items()})
    return before


def _masklets(
    found: Mapping[ObjectId, Mapping[int, Sighting]],
    known: Mapping[ObjectId, Masklet],
    needed: Iterable[int],
    size: tuple[int, int],
) -> list[Masklet]:
    """What was found, and of what was known the frames that the next span walks again."""
    frames = set(needed)
    merged: dict[ObjectId, dict[int, Sighting]] = {
        one: {
            f: Sighting(code, masklet.scores[f], masklet.flags.get(f, ""))
            for f, code in masklet.rles.items()
            if f in frames
        }
        for one, masklet in known.items()
    }
    for one, mine in found.items():
        merged.setdefault(one, {}).update(mine)
    return [
        Masklet(
            one,
            size,
            {f: seen.code for f, seen in mine.items()},
            {f: seen.score for f, seen in mine.items()},
            {f: seen.flag for f, seen in mine.items() if seen.flag},
        )
        for one, mine in sorted(merged.items())
        if mine
    ]


def require_seen(masklets: Sequence[Masklet]) -> None:
    """Raises NotVisibleError if nothing was found in any span."""
    if not any(one.visible_frames for one in masklets):
        raise NotVisibleError("the objects were not found on any frame of the spans")
