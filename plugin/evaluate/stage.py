"""What the protocols of removal have in common: inpainters by name, and methods that are measured on one scene."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import TypeVar

from inpaint.base import Inpainter
from inpaint.engines import INPAINTERS
from inpaint.evaluation.scenes import Scene
from tam_core.types import Pixels

F = TypeVar("F")
Method = Callable[[Scene], Iterator[Pixels]]
"""Fills a scene's holes, frame by frame."""


def loaded(names: Sequence[str], device: str) -> dict[str, Inpainter]:
    """The inpainters of those names. Raises UnknownEngineError, EngineNotReadyError."""
    rows = [INPAINTERS.get(name, "inpainter", device) for name in names]
    return {row.name: row.load(device) for row in rows}


class Stage:
    """A scene that is built when the first method is measured on it, and not at all if none is."""

    def __init__(self, build: Callable[[], Scene]) -> None:
        self._build = build

    @cached_property
    def scene(self) -> Scene:
        return self._build()

    def measurements(
        self, methods: Mapping[str, Method], measure: Callable[[Scene, Iterator[Pixels]], F]
    ) -> dict[str, Callable[[], F]]:
        """What measures each of the ``methods`` when it is called."""

        def measured(method: Method) -> F:
            return measure(self.scene, method(self.scene))

        return {name: partial(measured, method) for name, method in methods.items()}
