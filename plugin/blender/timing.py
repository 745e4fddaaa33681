"""Which frame of a video a strip shows at a frame of the scene, as Blender counts it, and back. Pure arithmetic.

It follows the sequencers of Blender 3.4 to 5.2 to the frame, single precision included; ``strips.py`` reads the numbers
out of Blender. Source frames are counted from 0, as in ``link/wire.py``.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Rounding = Literal["down", "nearest", "kept"]
"""Of positions between two frames. Blender before 4.0 takes the earlier frame, 4.x the nearest. 5.x keeps the picture
of the first position between two frames that it comes to for all others between them, so what is seen there depends
on where playing began; "kept" is what is seen when the strip is played or rendered from its first frame."""


@dataclass(frozen=True)
class Warp:
    """A speed effect over the strip: at ``start`` + i it asks the strip for the scene frame ``targets[i]``."""

    start: int
    targets: tuple[float, ...]

    def target(self, scene_frame: float) -> float:
        index = _nearest(scene_frame - self.start)
        return self.targets[min(max(index, 0), len(self.targets) - 1)]

    def scene_frame(self, target: float) -> float:
        """The first frame whose target comes nearest."""
        nearest = min(range(len(self.targets)), key=lambda index: abs(self.targets[index] - target))
        return float(self.start + nearest)


@dataclass(frozen=True)
class Timing:
    """Where a strip lies and how fast it runs.

    ``start``: the scene frame of its first content frame, which a handle may hide. ``first`` .. ``stop`` (exclusive):
    the scene frames where it is seen. ``count``: content frames. ``span``: scene frames that the content takes.
    ``speed``: content frames a scene frame. ``trim``: frames of the media before the content. ``shown``: the source
    frame for each frame of the media, where that is not the same number.
    """

    start: float
    first: int
    stop: int
    count: int
    span: float
    speed: float = 1.0
    trim: int = 0
    reverse: bool = False
    strobe: float = 1.0
    rounding: Rounding = "nearest"
    warp: Warp | None = None
    shown: tuple[int, ...] | None = None

    def source_frame(self, scene_frame: float) -> int | None:
        """What is seen at a scene frame; None where the strip is not. Stills before and after the content count."""
        return self.frame_at(scene_frame) if self.first <= scene_frame < self.stop else None

    def frame_at(self, scene_frame: float) -> int:
        """The same as if the strip had no handles: also where it is cut away."""
        media = self._content_frame(scene_frame) + self.trim
        return media if self.shown is None else self.shown[min(media, len(self.shown) - 1)]

    def scene_frame(self, source_frame: int) -> float:
        """Where a source frame is shown, or would be if handles did not hide it."""
        media = source_frame if self.shown is None else _place(self.shown, source_frame)
        distance = (media - self.trim) / self.speed
        found = self.start + self.span - 1 - distance if self.reverse else self.start + distance
        if self.warp:
            found = self.warp.scene_frame(found)
        near = round(found)
        if self.frame_at(near) == source_frame:
            return found
        beside = [float(one) for one in (near + 1, near - 1) if self.frame_at(one) == source_frame]
        return beside[0] if beside else found

    @property
    def content(self) -> range:
        """The scene frames of the whole content, hidden parts too; under a speed effect those that are seen."""
        if self.warp:
            return range(self.first, self.stop)
        begin = math.floor(self.start)
        return range(begin, begin + max(math.ceil(self.span), 1))

    def _content_frame(self, scene_frame: float) -> int:
        if self.rounding == "down":
            return math.floor(self._position(scene_frame))
        if self.rounding == "kept" and not self.warp:
            scene_frame = self._first_between(scene_frame)
        return _nearest(self._position(scene_frame))

    def _first_between(self, scene_frame: float) -> float:
        """The first scene frame that is seen with a position between the same two frames."""
        scene_frame = min(max(scene_frame, self.start), self.start + self.span - 1)
        between = math.floor(self._position(scene_frame))
        while scene_frame > self.first and math.floor(self._position(scene_frame - 1)) == between:
            scene_frame -= 1
        return scene_frame

    def _position(self, scene_frame: float) -> float:
        """In content frames, as the sequencer computes it."""
        now = self.warp.target(scene_frame) if self.warp else scene_frame
        distance = single(single(self.start + self.span - 1) - now if self.reverse else now - single(self.start))
        distance = max(distance, 0.0)
        if self.rounding == "down":
            distance = min(distance, single(self.span - 1))
        position = min(single(distance * single(self.speed)), self.count - 1)
        return position - math.fmod(position, self.strobe) if self.strobe > 1 else position


def shown_frames(times: Sequence[float], rate: float, count: int) -> tuple[int, ...] | None:
    """For each of the ``count`` frames that Blender counts in a movie, the frame that it shows; None if all the same.

    Blender looks for the picture of a moment, so a video of variable rate repeats pictures and skips others.
    ``times`` are those of the source's frames, in seconds; ``rate`` is what Blender takes for the movie's.
    """
    if all(abs(time - times[0] - index / rate) < 0.5 / rate for index, time in enumerate(times)):
        return None
    found, frame = [], 0
    for index in range(count):
        moment = times[0] + index / rate + 1e-4
        while frame + 1 < len(times) and times[frame + 1] <= moment:
            frame += 1
        found.append(frame)
    return tuple(found)


def playing_rate(rate: float, scene_rate: float, count: int, span: float, speed: float = 1.0) -> float:
    """Content frames a scene frame. A strip plays at its own rate or frame by frame, and Blender does not say which.

    It is told from the scene frames (``span``) that its ``count`` frames take, at a ``speed`` on top.
    """
    own = single(single(rate) / single(scene_rate)) if rate and scene_rate else 1.0
    return min((1.0, own), key=lambda factor: abs(int(count / single(factor * speed)) - span)) * speed


def stretched(length: int, content: float) -> tuple[float, ...]:
    """A speed effect that plays ``content`` scene frames in ``length``: targets from the strip's first frame on."""
    return tuple(single(content * single(index / length)) for index in range(length))


def multiplied(length: int, factor: float, limit: float) -> tuple[float, ...]:
    """A speed effect with a factor: targets from the strip's first frame on."""
    return tuple(min(max(single(index * single(factor)), 0.0), limit) for index in range(length))


def single(value: float) -> float:
    """As C's float has it: Blender's rounding of halves depends on it."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


def _nearest(value: float) -> int:
    return math.floor(single(value) + 0.5)


def _place(shown: Sequence[int], frame: int) -> int:
    """Where a frame is shown first, or else the frame nearest to it."""
    return min(range(len(shown)), key=lambda index: (abs(shown[index] - frame), index))
