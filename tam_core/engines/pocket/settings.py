"""The numbers the engine runs by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PocketSettings:
    """``long_side``: of the working picture, in pixels. ``spaced``: remembered frames behind the last one, one every
    ``memory_every`` frames. ``nearest_prompts``: as many prompted frames are compared with a frame, the nearest in
    time; all are kept. ``adaptation``: how fast the colours as last seen follow the object, per frame. How sure the
    network must be that an object is visible, 0..1: ``visible_above`` where it was on the last frame, ``back_above``
    where it was not, since a mistake there would be remembered and confirm itself.
    """

    long_side: int = 512
    spaced: int = 2
    memory_every: int = 5
    nearest_prompts: int = 3
    adaptation: float = 0.3
    visible_above: float = 0.5
    back_above: float = 0.9
    smallest: float = 4.0
    """An object of fewer half-size pixels is not there."""
