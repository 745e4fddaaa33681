"""What one span of a chain hands to the next: its masklets, where it stood, and the tracker's memory as it was then.

With the memory the next span goes on to the bit as if nothing had been between. Where there is none (an object was away
behind a cut), the tracker is brought back from prompts and masks, see tam_core/retrace.py.
"""

import io
import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tam_core.atomic import naming_the_cause
from tam_core.engines.base import FrameMasks, Tracker
from tam_core.errors import MaskletError
from tam_core.formats.masklet_json import read_masklets, write_masklets
from tam_core.masklet import Masklet, Sightings
from tam_core.prompts import MaskPrompt, Prompt
from tam_core.retrace import Place
from tam_core.video import Frame
from tam_core.video.source import VideoInfo

MASKLETS, PLACE, MEMORY = "masklets.json", "place.json", "memory.pickle"
_KNOWN = ("tam_core.", "numpy", "torch", "collections", "fractions")
"""Whose objects a memory is made of: no others are made of a file's bytes."""


@dataclass(frozen=True)
class Handover:
    """``memory``: a tracker's state, or None."""

    masklets: Sequence[Masklet]
    place: Place | None
    memory: Any = field(default=None, repr=False)


def write_handover(folder: Path, given: Handover, info: VideoInfo) -> None:
    """Write it into a new folder. Raises OutputError."""
    with naming_the_cause(folder):
        folder.mkdir()
        write_masklets(given.masklets, folder / MASKLETS, info)
        place = given.place and [given.place.step, given.place.frame]
        (folder / PLACE).write_text(json.dumps(place), encoding="utf-8")
        if given.memory is not None:
            (folder / MEMORY).write_bytes(pickle.dumps(given.memory))


def read_handover(folder: Path) -> Handover:
    """Read what ``write_handover`` wrote. Raises MaskletError for anything else."""
    place = json.loads((folder / PLACE).read_text(encoding="utf-8"))
    memory = folder / MEMORY
    state = _Careful(io.BytesIO(memory.read_bytes())).load() if memory.exists() else None
    return Handover(read_masklets(folder / MASKLETS), place and Place(*place), state)


class _Careful(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if not f"{module}.".startswith(_KNOWN):
            raise MaskletError(f"a tracker's memory does not hold a {module}.{name}: this is no file of tam batch")
        return super().find_class(module, name)


class Resumed:
    """A Tracker around a tracker, whose first pass has the ``memory`` of an earlier one from the start.

    A walk brings it back by prompts and by frames up to ``last``, of which it has the masks ``before``: it answers with
    these and learns nothing, for it knows. ``memory`` None: nothing of the kind, but ``state`` is kept.
    """

    def __init__(self, tracker: Tracker, memory: Any, last: int, before: Sightings) -> None:
        self._tracker, self._last, self._before = tracker, last, before
        self._again = memory is not None
        self.state: Any = memory
        self._begun = False

    def start(self, info: VideoInfo) -> Any:
        """The memory, once; behind that, empty ones."""
        if self._begun:
            return self._tracker.start(info)
        self._begun = True
        if not self._again:
            self.state = self._tracker.start(info)
        return self.state

    def condition(self, state: Any, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        """See Tracker."""
        if self._again:
            said = {one.object_id: one.mask for one in prompts if isinstance(one, MaskPrompt)}
            return FrameMasks(frame.index, said, dict.fromkeys(said, 1.0))
        return self._tracker.condition(state, frame, prompts)

    def step(self, state: Any, frame: Frame) -> FrameMasks:
        """See Tracker."""
        return self._tracker.step(state, frame)

    def predict(self, state: Any, frame: Frame) -> FrameMasks:
        """See Tracker."""
        if not self._again:
            return self._tracker.predict(state, frame)
        seen: Mapping[int, Any] = {one: of[frame.index] for one, of in self._before.items() if frame.index in of}
        masks = {one: sighting.code.decode() for one, sighting in seen.items()}
        return FrameMasks(frame.index, masks, {one: sighting.score for one, sighting in seen.items()})

    def remember(self, state: Any, found: FrameMasks) -> None:
        """See Tracker."""
        if not self._again:
            self._tracker.remember(state, found)
        elif found.frame == self._last:
            self._again = False

    def search(self, state: Any, frame: Frame) -> FrameMasks:
        """See Tracker."""
        return self._tracker.search(state, frame)
