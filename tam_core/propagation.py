"""Which frames a tracker walks, and which of two passes to believe. It knows no prompts, no undo and no files."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from tam_core import rle
from tam_core.engines.base import FrameMasks, Tracker
from tam_core.masklet import Sighting
from tam_core.prompts import MaskPrompt
from tam_core.quality import Watched, agreed
from tam_core.reacquire import AcrossCuts, Proposal, Search
from tam_core.retrace import Past, Place
from tam_core.rle import RLE
from tam_core.shots import CutDetector, Shot
from tam_core.types import ObjectId
from tam_core.video.ahead import read_ahead
from tam_core.video.source import Frame, FrameSource

Direction: TypeAlias = Literal["forward", "backward", "both"]

Anchors: TypeAlias = Mapping[ObjectId, Mapping[int, RLE]]
"""The user's masks: per object, per prompted frame; at least one each."""

_TRUST_PER_FRAME = 0.95
"""How much less a tracked mask is believed with every frame between it and the user's mask it came from."""


@dataclass(frozen=True)
class Plan:
    """What to carry where: objects from their anchors through ``start`` .. ``stops`` (exclusive, None = the end)."""

    anchors: Anchors
    direction: Direction
    start: int
    stops: Mapping[ObjectId, int | None]

    @property
    def first(self) -> int:
        """Where the forward pass begins."""
        return min(min(masks) for masks in self.anchors.values())

    @property
    def last(self) -> int:
        """Where the backward pass begins."""
        return max(max(masks) for masks in self.anchors.values())

    @property
    def stop(self) -> int | None:
        """Where the forward pass ends."""
        known = [stop for stop in self.stops.values() if stop is not None]
        return max(known) if len(known) == len(self.stops) else None

    @property
    def walks_forward(self) -> bool:
        return self.direction in ("forward", "both")

    @property
    def walks_backward(self) -> bool:
        """With ``both``, only where something lies behind the last anchor."""
        return self.direction == "backward" or (self.direction == "both" and self.last > self.start)

    def steps(self, frame_count: int, place: Place | None = None) -> int:
        """How many frames the passes will visit in a video of this length, from the ``place`` of an earlier run on."""
        if place is not None and place.step < 0:
            return place.frame - self.start
        begin = self.first if place is None else place.frame + 1
        forward = (frame_count if self.stop is None else self.stop) - begin
        backward = self.last - self.start + 1
        return forward * self.walks_forward + backward * self.walks_backward


class Propagation:
    """One run over a plan; iterate for the masks as they come: first the forward pass, then the backward pass.

    Between two anchors a frame is yielded again with the mask of the pass that is nearer to its anchor or surer, and
    with how far the two agree. Scores are confidences (see tam_core.quality). No object is carried over a cut: in the
    next shot it is followed from its anchors there. Where it has none, it is in ``absences``, and in ``proposals`` if
    it may be there. With the ``past`` of a run over the same plan, it goes on from the place where that one was.
    """

    def __init__(
        self, source: FrameSource, tracker: Tracker, plan: Plan, across_cuts: AcrossCuts, past: Past | None = None
    ) -> None:
        self._source, self._tracker, self._plan, self._across_cuts = source, Watched(tracker), plan, across_cuts
        self._past = past
        self._searches: list[Search] = []
        self.place = past.place if past else None
        """From where another run could go on."""

    @property
    def proposals(self) -> list[Proposal]:
        """One for each object and shot, of the shots that were walked to their end."""
        earlier = self._past.proposals if self._past else []
        return earlier + [proposal for search in self._searches for proposal in search.proposals]

    @property
    def absences(self) -> list[tuple[ObjectId, Shot]]:
        """The shots, walked to their end, in which an object was away."""
        earlier = self._past.absences if self._past else []
        return earlier + [absence for search in self._searches for absence in search.absences]

    def __iter__(self) -> Iterator[FrameMasks]:
        plan, anchors, past = self._plan, self._plan.anchors, self._past
        seen: dict[ObjectId, dict[int, _Seen]] = {object_id: {} for object_id in anchors}
        stops = {object_id: _before(stop) for object_id, stop in plan.stops.items()}
        if past and plan.walks_forward:
            seen.update(_seen_before(past, anchors))
        if plan.walks_forward and not (past and past.place.step < 0):
            ahead = self._pass(1, stops)
            for found in self._marked(ahead, ahead.walk(plan.first, plan.stop, past)):
                inside = [o for o in found.masks if found.frame < stops[o]]
                for object_id in inside if plan.walks_backward and found.frame <= plan.last else ():
                    seen[object_id][found.frame] = _Seen.of(found, object_id, ahead.trust(found, object_id))
                yield _only(found, inside)
        if plan.walks_backward:
            firsts = {object_id: min(masks) for object_id, masks in anchors.items()} if plan.walks_forward else stops
            back = self._pass(-1, firsts)
            behind = past if past and past.place.step < 0 else None
            for found in self._marked(back, back.walk(plan.last, plan.start - 1 if plan.start else None, behind)):
                yield _weighed(found, seen, anchors, back)

    def _marked(self, walk: "_Pass", walked: Iterator[FrameMasks]) -> Iterator[FrameMasks]:
        """The frames of a walk; the place is known before each is handed on."""
        for found in walked:
            here = self.place and (self.place.step, self.place.frame)
            if walk.whole is not None and here != (walk.step, walk.whole):
                self.place = Place(walk.step, walk.whole, len(self.absences), len(self.proposals))
            yield found

    def _pass(self, step: int, limits: Mapping[ObjectId, float]) -> "_Pass":
        self._searches.append(Search(self._across_cuts, limits, step))
        return _Pass(self._source, self._tracker, self._plan.anchors, step, self._searches[-1])


@dataclass
class _Pass:
    """One walk of the tracker in one direction (``step`` 1 or -1), conditioned on all anchors.

    ``origins`` are the objects that are carried, and the frame each was last given or found on. ``whole`` is the last
    frame on which none was away.
    """

    source: FrameSource
    tracker: Watched
    anchors: Anchors
    step: int
    search: Search
    origins: dict[ObjectId, int] = field(default_factory=dict)
    whole: int | None = None

    def walk(self, first: int, stop: int | None, past: Past | None = None) -> Iterator[FrameMasks]:
        """Masks of the carried objects on the frames ``first``, ``first + step`` ... before ``stop``.

        With a ``past``, on those behind its place.
        """
        state = self._conditioned()
        cuts = CutDetector()
        again = self._returned(state, past, first) if past else range(0)
        index = first
        for picture in self._pictures(state, again[0] if past else first, stop):
            index, is_cut = picture.index, cuts.cut_before(picture.pixels)
            if past and index in again:
                past.retrace(self.tracker, state, picture, told=is_cut or index == again[0] != first)
                continue
            if is_cut:
                self.search.cut_before(index, self.origins)
                self.origins.clear()
            self._take_up(index, [o for o, masks in self.anchors.items() if index in masks])
            ahead = self._ahead(index, stop)
            if ahead and self._is_over(ahead):
                yield from (FrameMasks(frame, {}, {}) for frame in ahead)
                index = ahead[-1]
                break
            sure = self.search.look(self.tracker, state, picture)
            if sure.masks:
                self.tracker.condition(state, picture, [MaskPrompt(index, o, mask) for o, mask in sure.masks.items()])
                self._take_up(index, sure.masks.keys())
            found = self._carried(state, picture)
            if not self.search.missing and not sure.masks:
                self.whole = index
            yield replace(found, scores={**found.scores, **sure.scores})
            yield from self._back_to_the_cut(sure)
        self.search.leave(index)

    def _returned(self, state: Any, past: Past, first: int) -> range:
        """Let every object appear again, and be carried from where it was; returns the frames to walk once more."""
        again = past.again(first)
        for object_id, masks in self.anchors.items():
            passed = [frame for frame in masks if (past.place.frame - frame) * self.step >= 0]
            if passed:
                self.origins[object_id] = max(passed, key=lambda frame: frame * self.step)
        for frame in sorted({origin for origin in self.origins.values() if origin not in again}, reverse=self.step < 0):
            past.retrace(self.tracker, state, self.source.read(frame))
        return again

    def _pictures(self, state: Any, first: int, stop: int | None) -> Iterator[Frame]:
        """The frames of the walk; those of a file are read, and looked at, while the one before is worked on."""
        frames = self.source.frames(first, stop, self.step)
        if self.source.info.frame_count is None:
            return frames
        return read_ahead(frames, lambda frame: self.tracker.prefetch(state, frame))

    def trust(self, found: FrameMasks, object_id: ObjectId) -> float:
        """How far to believe a mask of this walk: its score, less with every frame it has come.

        Trackers lose objects more often than they invent them: that one saw nothing is no word against the other pass.
        """
        if not found.masks[object_id].any():
            return 0.0
        return _trust(found.scores[object_id], found.frame, self.origins[object_id])

    def _conditioned(self) -> Any:
        state = self.tracker.start(self.source.info)
        for frame in sorted({frame for masks in self.anchors.values() for frame in masks}):
            prompts = [
                MaskPrompt(frame, object_id, masks[frame].decode())
                for object_id, masks in self.anchors.items()
                if frame in masks
            ]
            self.tracker.condition(state, self.source.read(frame), prompts)
        return state

    def _take_up(self, frame: int, objects: Collection[ObjectId]) -> None:
        self.origins.update(dict.fromkeys(objects, frame))
        self.search.back(objects)

    def _carried(self, state: Any, picture: Frame) -> FrameMasks:
        """The next frame. Objects that are away learn nothing from it; with none left, the tracker is spared it."""
        if not self.origins:
            return FrameMasks(picture.index, {}, {})
        if not self.search.missing:
            return self.tracker.step(state, picture)
        found = self.tracker.predict(state, picture)
        found = _only(found, [object_id for object_id in found.masks if object_id in self.origins])
        self.tracker.remember(state, found)
        return found

    def _ahead(self, frame: int, stop: int | None) -> range | None:
        """The frames that are left, this one first; None where that is not known."""
        count = self.source.info.frame_count
        if count is None:
            return None
        return range(frame, (count if self.step > 0 else -1) if stop is None else stop, self.step)

    def _is_over(self, ahead: range) -> bool:
        """Whether nothing can be found on the frames that are left."""
        anchored = any(frame in ahead for masks in self.anchors.values() for frame in masks)
        return not self.origins and not anchored and self.search.hopeless(ahead)

    def _back_to_the_cut(self, found: FrameMasks) -> Iterator[FrameMasks]:
        """The frames of the shot that went by before objects were found in it, against the direction of the walk."""
        if not found.masks or found.frame == self.search.entered or self.source.info.frame_count is None:
            return
        anchors = {o: {**self.anchors[o], found.frame: rle.encode(mask)} for o, mask in found.masks.items()}
        limits = dict.fromkeys(anchors, float("inf"))
        back = _Pass(self.source, self.tracker, anchors, -self.step, Search("stop", limits, -self.step))
        for earlier in back.walk(found.frame, self.search.entered - self.step):
            if earlier.frame != found.frame:
                yield earlier


@dataclass(frozen=True)
class _Seen:
    """What the forward pass says about an object on a frame, and how far to believe it."""

    code: RLE
    score: float
    flag: str
    trust: float

    @classmethod
    def of(cls, found: FrameMasks, object_id: ObjectId, trust: float) -> "_Seen":
        code = rle.encode(found.masks[object_id])
        return cls(code, found.scores[object_id], found.flags.get(object_id, ""), trust)


def _seen_before(past: Past, anchors: Anchors) -> dict[ObjectId, dict[int, _Seen]]:
    """What a forward pass had found of the objects; only what lies between anchors is ever asked for."""
    seen: dict[ObjectId, dict[int, _Seen]] = {object_id: {} for object_id in anchors}
    for object_id, masks in anchors.items():
        found = past.masks.get(object_id, {})
        for frame in range(min(masks), max(masks) + 1):
            if frame in found:
                seen[object_id][frame] = _seen_at(found[frame], frame, max(a for a in masks if a <= frame))
    return seen


def _seen_at(sighting: Sighting, frame: int, origin: int) -> _Seen:
    trust = _trust(sighting.score, frame, origin) if sighting.code.area else 0.0
    return _Seen(sighting.code, sighting.score, sighting.flag, trust)


def _trust(score: float, frame: int, origin: int) -> float:
    return score * _TRUST_PER_FRAME ** abs(frame - origin)


def _weighed(
    found: FrameMasks, seen: Mapping[ObjectId, Mapping[int, _Seen]], anchors: Anchors, back: _Pass
) -> FrameMasks:
    """The backward pass's frame; between two anchors, of both passes the one to be believed, and how far they agree."""
    masks, scores, flags = dict(found.masks), dict(found.scores), dict(found.flags)
    for object_id, mask in found.masks.items():
        other = seen[object_id].get(found.frame)
        if other is None:
            continue
        if found.frame in anchors[object_id]:
            masks.pop(object_id)
            continue
        overlap = other.code.iou(rle.encode(mask))
        if back.trust(found, object_id) <= other.trust:
            masks[object_id], scores[object_id], flags[object_id] = other.code.decode(), other.score, other.flag
        scores[object_id], flags[object_id] = agreed(scores[object_id], flags.get(object_id, ""), overlap)
    flags = {object_id: flag for object_id, flag in flags.items() if flag}
    return _only(replace(found, masks=masks, scores=scores, flags=flags), list(masks))


def _before(stop: int | None) -> float:
    return float("inf") if stop is None else stop


def _only(found: FrameMasks, objects: Collection[ObjectId]) -> FrameMasks:
    """The same frame with these objects alone."""
    return FrameMasks(
        found.frame,
        {object_id: found.masks[object_id] for object_id in objects},
        {object_id: found.scores[object_id] for object_id in objects},
        {object_id: logits for object_id, logits in found.logits.items() if object_id in objects},
        {object_id: flag for object_id, flag in found.flags.items() if object_id in objects},
    )
