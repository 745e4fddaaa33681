"""What a session knows, and the commands that it came from: an edit is the fold of its commands, from the first on.

Pure: commands hold what was said and what engines answered, so that nothing is computed again and no file is read.
Where commands are kept, undone and done again is the timeline's business.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tam_core.labels import Label, default_label
from tam_core.masklet import Masklet, Sighting
from tam_core.prompts import Box, Click, TextPrompt
from tam_core.propagation import Direction
from tam_core.reacquire import AcrossCuts, Proposal
from tam_core.retrace import Place
from tam_core.rle import RLE
from tam_core.shots import Shot
from tam_core.types import ObjectId
from tam_core.words import Painted, Word, with_words


@dataclass(frozen=True)
class Engines:
    """Go on with these engines: names from the engine table."""

    tracker: str = "auto"
    segmenter: str = "auto"

    @property
    def title(self) -> str:
        return "choice of engines"

    def apply(self, edit: "Edit") -> "Edit":
        return replace(edit, engines=self)


@dataclass(frozen=True)
class Edit:
    """Everything a session knows, at one moment."""

    words: tuple[Word, ...] = ()
    """All that the user has said about objects, in order."""
    anchors: Mapping[ObjectId, Mapping[int, RLE]] = field(default_factory=dict)
    """The user's masks: per object, per prompted frame."""
    masklets: Mapping[ObjectId, Masklet] = field(default_factory=dict)
    stale: frozenset[ObjectId] = frozenset()
    """Objects whose prompts changed since they were tracked."""
    ends: Mapping[ObjectId, int] = field(default_factory=dict)
    """The frame from which on an object was dropped."""
    proposals: tuple[Proposal, ...] = ()
    """Where objects may be in shots that they were not tracked in."""
    labels: Mapping[ObjectId, Label] = field(default_factory=dict)
    """Of the objects that the user has named or coloured."""
    engines: Engines = Engines()
    removal: "Removed | None" = None
    removed_masklets: Mapping[ObjectId, Masklet] = field(default_factory=dict, repr=False)
    """The masklets that the removal was made of."""

    def label(self, object_id: ObjectId) -> Label:
        """The object's name and colour, given or by default."""
        return self.labels.get(object_id) or default_label(object_id)

    @property
    def removal_outdated(self) -> bool:
        """Whether masks of the removed objects have changed since."""
        if self.removal is None:
            return False
        changed = any(self.masklets.get(o) is not masklet for o, masklet in self.removed_masklets.items())
        return changed or self.removal.outdated


class Command(Protocol):
    """What the user did, and what came of it."""

    @property
    def title(self) -> str:
        """For menus: "undo <title>"."""
        ...

    def apply(self, edit: Edit) -> Edit:
        """What is known after it."""
        ...


@dataclass(frozen=True)
class Prompted:
    """Prompts on one frame, and the masks that were found for them.

    ``corrected`` are the tracked masks that the prompts were first said about; ``candidate`` says which of the
    segmenter's answers the user chose.
    """

    frame: int
    words: tuple[Word, ...]
    masks: Mapping[ObjectId, RLE]
    corrected: Mapping[ObjectId, RLE] = field(default_factory=dict)
    candidate: int = 0

    @property
    def title(self) -> str:
        names = {Click: "click on", Box: "box around", TextPrompt: "text for", Painted: "mask of"}
        return f"{names[type(self.words[-1])]} {_objects({word.object_id for word in self.words})}"

    def apply(self, edit: Edit) -> Edit:
        edit = replace(edit, words=with_words(edit.words, self.words, self.corrected))
        for object_id, mask in self.masks.items():
            edit = _anchored(edit, self.frame, object_id, mask)
        return edit


@dataclass
class Findings:
    """What a propagation found; it grows while the propagation runs, and only then.

    ``absences`` are the shots in which an object is not; ``finished`` that all frames were walked; ``place`` is from
    where a run that was interrupted goes on.
    """

    masks: dict[ObjectId, dict[int, Sighting]] = field(default_factory=dict)
    absences: list[tuple[ObjectId, Shot]] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    finished: bool = False
    place: Place | None = None

    def take(self, news: "Findings") -> None:
        """More was found: masks beside those that are known or instead of them, and all else as it is now."""
        for object_id, found in news.masks.items():
            self.masks.setdefault(object_id, {}).update(found)
        self.absences, self.proposals, self.finished = news.absences, news.proposals, news.finished
        self.place = news.place

    def onto(self, masklet: Masklet, anchors: Mapping[int, RLE]) -> Masklet:
        """The masklet with what was found; where the user gave a mask, that one stays."""
        found = self.masks.get(masklet.object_id, {})
        fresh = {frame: sighting for frame, sighting in found.items() if frame not in anchors}
        away = {frame for o, shot in self.absences if o == masklet.object_id for frame in range(shot.start, shot.stop)}
        before = masklet.without(fresh)
        whole = replace(
            masklet,
            rles={**before.rles, **{frame: sighting.code for frame, sighting in fresh.items()}},
            scores={**before.scores, **{frame: sighting.score for frame, sighting in fresh.items()}},
            flags={**before.flags, **{frame: sighting.flag for frame, sighting in fresh.items() if sighting.flag}},
        )
        return whole.without(away) if away else whole


@dataclass(frozen=True)
class Propagated:
    """Objects carried through the frames ``start`` .. ``stop`` (exclusive, None = the end)."""

    objects: tuple[ObjectId, ...]
    direction: Direction
    start: int
    stop: int | None
    across_cuts: AcrossCuts
    found: Findings = field(default_factory=Findings, repr=False)

    @property
    def title(self) -> str:
        return f"tracking of {_objects(self.objects)}"

    def apply(self, edit: Edit) -> Edit:
        tracked = {
            object_id: self.found.onto(edit.masklets[object_id], edit.anchors.get(object_id, {}))
            for object_id in self.objects
            if object_id in edit.masklets
        }
        older = [p for p in edit.proposals if p.object_id not in tracked or not self._inside(p.frame)]
        return replace(
            edit,
            masklets={**edit.masklets, **tracked},
            stale=edit.stale - set(tracked) if self.found.finished else edit.stale,
            proposals=tuple(sorted([*older, *self.found.proposals], key=lambda proposal: proposal.frame)),
        )

    def _inside(self, frame: int) -> bool:
        return frame >= self.start and (self.stop is None or frame < self.stop)


@dataclass(frozen=True)
class Accepted:
    """The object is where it was proposed: the proposed mask is the user's."""

    proposal: Proposal

    @property
    def title(self) -> str:
        return f"acceptance of object {self.proposal.object_id}"

    def apply(self, edit: Edit) -> Edit:
        place = self.proposal
        prompted = Prompted(
            place.frame,
            (Painted(place.frame, place.object_id, place.code),),
            {place.object_id: place.code},
        )
        return replace(prompted.apply(edit), proposals=_without(edit.proposals, place))


@dataclass(frozen=True)
class Rejected:
    """The object is not where it was proposed."""

    proposal: Proposal

    @property
    def title(self) -> str:
        return f"rejection of object {self.proposal.object_id}"

    def apply(self, edit: Edit) -> Edit:
        return replace(edit, proposals=_without(edit.proposals, self.proposal))


@dataclass(frozen=True)
class Dropped:
    """An object forgotten, or ended at ``from_frame``."""

    object_id: ObjectId
    from_frame: int | None = None

    @property
    def title(self) -> str:
        where = "" if self.from_frame is None else f" from frame {self.from_frame}"
        return f"deletion of object {self.object_id}{where}"

    def apply(self, edit: Edit) -> Edit:
        if self.from_frame is not None:
            return self._ended(edit, self.from_frame)
        return replace(
            edit,
            words=tuple(word for word in edit.words if word.object_id != self.object_id),
            anchors=_less(edit.anchors, self.object_id),
            masklets=_less(edit.masklets, self.object_id),
            stale=edit.stale - {self.object_id},
            ends=_less(edit.ends, self.object_id),
            proposals=tuple(proposal for proposal in edit.proposals if proposal.object_id != self.object_id),
            labels=_less(edit.labels, self.object_id),
        )

    def _ended(self, edit: Edit, end: int) -> Edit:
        masklet = edit.masklets.get(self.object_id)
        if masklet is None:
            return edit
        shorter = masklet.without(frame for frame in masklet.frames if frame >= end)
        return replace(
            edit,
            masklets={**edit.masklets, self.object_id: shorter},
            ends={**edit.ends, self.object_id: end},
        )


@dataclass(frozen=True)
class Labelled:
    """An object's name or colour changed; None leaves it as it is."""

    object_id: ObjectId
    name: str | None = None
    colour: str | None = None

    @property
    def title(self) -> str:
        return f"{'colour' if self.name is None else 'name'} of object {self.object_id}"

    def apply(self, edit: Edit) -> Edit:
        before = edit.label(self.object_id)
        label = Label(self.name or before.name, self.colour or before.colour)
        return replace(edit, labels={**edit.labels, self.object_id: label})


_DONE = {
    "remove": "removal of",
    "replace": "replacement of",
    "replace-words": "replacement in words of",
    "replace-background": "replacement of all but",
    "effect": "effect on",
}
"""What an operation is called in the history."""


@dataclass(frozen=True)
class Removed:
    """Objects taken out of the frames ``start`` .. ``stop`` (exclusive), or another edit that made new pictures.

    ``parameters["operation"]`` says which; without it, it is a removal. ``outdated``: the objects' masks had changed
    before it was done.
    """

    inpainter: str
    objects: tuple[ObjectId, ...]
    start: int
    stop: int
    parameters: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    outdated: bool = False

    @property
    def title(self) -> str:
        operation = str(self.parameters.get("operation", "remove"))
        return f"{_DONE.get(operation, f'{operation} of')} {_objects(self.objects)}"

    def apply(self, edit: Edit) -> Edit:
        masklets = {o: edit.masklets[o] for o in self.objects if o in edit.masklets}
        return replace(edit, removal=self, removed_masklets=masklets)


def touched(command: Command) -> set[ObjectId]:
    """The objects whose prompts or masks a command changed."""
    match command:
        case Prompted(masks=masks):
            return set(masks)
        case Propagated(objects=objects):
            return set(objects)
        case Accepted(proposal) | Rejected(proposal):
            return {proposal.object_id}
        case Dropped(object_id):
            return {object_id}
    return set()


def correction(edit: Edit, frame: int, words: Iterable[Word]) -> dict[ObjectId, RLE]:
    """The tracked masks that these words correct: where a click is the first word about an object on the frame."""
    spoken = {(word.frame, word.object_id) for word in edit.words}
    corrected = {}
    for word in words:
        tracked = edit.masklets.get(word.object_id)
        mask = tracked.rles.get(frame) if tracked is not None else None
        first = (frame, word.object_id) not in spoken
        spoken.add((frame, word.object_id))
        if first and isinstance(word, Click) and mask is not None and mask.area:
            corrected[word.object_id] = mask
    return corrected


def _anchored(edit: Edit, frame: int, object_id: ObjectId, mask: RLE) -> Edit:
    """The user's mask recorded on its frame; the object is to be tracked again."""
    masklet = edit.masklets.get(object_id, Masklet(object_id, mask.size)).without([frame])
    shown = replace(masklet, rles={**masklet.rles, frame: mask}, scores={**masklet.scores, frame: 1.0})
    return replace(
        edit,
        anchors={**edit.anchors, object_id: {**edit.anchors.get(object_id, {}), frame: mask}},
        masklets={**edit.masklets, object_id: shown},
        stale=edit.stale | {object_id},
        ends=_less(edit.ends, object_id) if edit.ends.get(object_id, frame + 1) <= frame else edit.ends,
    )


def _objects(ids: Iterable[ObjectId]) -> str:
    numbers = sorted(ids)
    return f"object{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def _without(proposals: tuple[Proposal, ...], gone: Proposal) -> tuple[Proposal, ...]:
    return tuple(proposal for proposal in proposals if proposal != gone)


def _less(mapping: Mapping[ObjectId, Any], object_id: ObjectId) -> dict[ObjectId, Any]:
    return {key: value for key, value in mapping.items() if key != object_id}
