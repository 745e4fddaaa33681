"""The engines that a session works with: names are checked at once, engines are loaded when they are first used."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from tam_core.engines import ENGINES
from tam_core.engines.base import Segmenter, Tracker
from tam_core.history import Engines
from tam_core.registry import Role
from tam_core.segmentation import FrameSegmenter
from tam_core.video.source import FrameSource

if TYPE_CHECKING:  # this one waits for torch
    from tam_core.engines.text import TextScorer

Loader: TypeAlias = Callable[[str, Role, str], Any]
"""(name, role, device) -> engine."""


def load_engine(name: str, role: Role, device: str) -> Any:
    """An engine of the table, loaded anew."""
    return ENGINES.get(name, role, device).load(device)


def name_of(engine: object) -> str:
    """What an engine is called in an Engines record; one that was given as such has no name."""
    return engine if isinstance(engine, str) else "auto"


def asked_for(names: Engines) -> dict[Role, str]:
    """The engines that were asked for by name."""
    named: dict[Role, str] = {"tracker": names.tracker, "segmenter": names.segmenter}
    return {role: name for role, name in named.items() if name != "auto"}


def engines_as_text(engines: Engines) -> str:
    """To be kept; ``engines_from`` reads it."""
    return json.dumps([engines.tracker, engines.segmenter])


def engines_from(text: str | None) -> Engines:
    """What was kept; "auto" where nothing was."""
    tracker, segmenter = json.loads(text or '["auto", "auto"]')
    return Engines(str(tracker), str(segmenter))


class ChosenEngines:
    """Loads what an Engines record names. Engines that were given as such count until another is named instead."""

    def __init__(
        self,
        tracker: Tracker | str,
        segmenter: Segmenter | str,
        scorer: "TextScorer | str",
        device: str,
        loader: Loader,
    ) -> None:
        asked: dict[Role, Any] = {"tracker": tracker, "segmenter": segmenter, "text": scorer}
        self._given: dict[Role, Any] = {role: one for role, one in asked.items() if not isinstance(one, str)}
        self._scorer = scorer if isinstance(scorer, str) else "auto"
        self._device = device
        self._loader = loader
        self._loaded: dict[Role, tuple[str, Any]] = {}
        self._joint: tuple[Engines, bool] | None = None
        self._frames: tuple[Engines, FrameSegmenter] | None = None

    def check(self, names: Mapping[Role, str]) -> None:
        """Raise UnknownEngineError, or EngineNotReadyError, unless engines of these names can be loaded."""
        for role, name in names.items():
            ENGINES.get(name, role, self._device).check_ready()

    def adopt(self, roles: Iterable[Role]) -> None:
        """From now on the engines of these roles are the named ones, not those that were given."""
        for role in roles:
            if self._given.pop(role, None) is not None:
                self._frames = None

    @property
    def held(self) -> list[Any]:
        """The engines that are loaded now."""
        return [engine for _, engine in self._loaded.values()]

    def release(self) -> None:
        """Let go of the engines that were loaded by name, and of what they knew of frames."""
        self._loaded.clear()
        self.forget_frames()

    def forget_frames(self) -> None:
        """Let go of what the segmenter saw."""
        self._frames = None

    def tracker(self, names: Engines) -> Tracker:
        """The tracker of that name."""
        tracker: Tracker = self._engine("tracker", names.tracker)
        return tracker

    def frames(self, names: Engines, source: FrameSource) -> FrameSegmenter:
        """The segmenter of that name over the frames of the session's source."""
        if self._frames is None or self._frames[0] != names:
            segmenter, scorer = lambda: self._segmenter(names), lambda: self._engine("text", self._scorer)
            self._frames = names, FrameSegmenter(source, segmenter, scorer)
        return self._frames[1]

    def _segmenter(self, names: Engines) -> Segmenter:
        """One that is the tracker as well is loaded once."""
        joint = not self._given.keys() & {"tracker", "segmenter"} and self._is_joint(names)
        segmenter: Segmenter = (
            self._engine("tracker", names.tracker) if joint else self._engine("segmenter", names.segmenter)
        )
        return segmenter

    def _is_joint(self, names: Engines) -> bool:
        if self._joint is None or self._joint[0] != names:
            row = ENGINES.get(names.segmenter, "segmenter", self._device)
            tracks = ENGINES.get(names.tracker, "tracker", self._device)
            self._joint = names, row.loaded_as == tracks.loaded_as
        return self._joint[1]

    def _engine(self, role: Role, name: str) -> Any:
        if role in self._given:
            return self._given[role]
        if role not in self._loaded or self._loaded[role][0] != name:
            self._loaded.pop(role, None)  # its memory is free before the next one comes
            self._loaded[role] = name, self._loader(name, role, self._device)
        return self._loaded[role][1]
