"""Removal, replacement and effects as effects of moviepy 2: ``clip.with_effects([RemoveObject(masklets)])``.

Frame i of a masklet is what the clip shows at i / fps seconds. Frames are made as they are asked for, in any order, and
no more of them are held than ``HELD_BYTES``; played in order, each is made once. Sound and the clip's own mask stay.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from moviepy import Effect, VideoClip

from inpaint.effects import find_effect, with_effects
from inpaint.effects.layers import feathered
from inpaint.effects.taking import Remove, Transparent
from inpaint.holes import BY_SIZE
from inpaint.removal import remove
from inpaint.replace import ReplaceSettings, replace
from inpaint.replacing.insert import Given
from tam_core.errors import RequestError
from tam_core.masklet import Masklet
from tam_core.types import FloatMap, Pixels
from tam_core.video.source import Frame, VideoInfo
from tam_core.video.span import check_index, frame_range

HELD_BYTES = 256 << 20
"""Of a clip's own frames, and of those made of them, each."""

CHUNK = 40
"""Where frames depend on those around them, work after a jump begins at a multiple of so many frames."""

NEAR = 48
"""Up to so many frames ahead, going on is better than beginning anew."""


@dataclass(frozen=True)
class RemoveObject(Effect):  # type: ignore[misc]
    """The clip without the objects. ``grow`` and ``feather`` in pixels, ``inpainter`` by name, as for ``remove``."""

    masklets: Iterable[Masklet]
    inpainter: str = "plate"
    grow: int = BY_SIZE
    feather: int = 2

    def apply(self, clip: VideoClip) -> VideoClip:
        """Raises RequestError for a clip without a rate, and as the clip is played what ``inpaint.remove`` raises."""
        source, masklets = ClipSource(clip), tuple(self.masklets)

        def frames(start: int) -> Iterator[Frame]:
            rules: dict[str, Any] = {"inpainter": self.inpainter, "grow": self.grow, "feather": self.feather}
            if _gone(masklets, start):
                return source.frames(start)
            return remove(source, masklets, start=start, **rules)

        return _played(clip, source, frames, CHUNK)


@dataclass(frozen=True)
class ReplaceObject(Effect):  # type: ignore[misc]
    """The clip with something in the objects' place. ``with_``: another clip, or what ``inpaint.replace`` takes.

    A clip that is put in is as transparent as its mask says. The whole clip is looked at before its first frame is
    shown, to see how the objects move.
    """

    masklets: Iterable[Masklet]
    with_: Given | VideoClip
    settings: ReplaceSettings = field(default_factory=ReplaceSettings)
    inpainter: str = "plate"
    grow: int = BY_SIZE

    def apply(self, clip: VideoClip) -> VideoClip:
        """Raises RequestError for a clip without a rate, and as the clip is played what ``replace`` raises."""
        source, masklets = ClipSource(clip), tuple(self.masklets)
        given = ClipSource(self.with_, alpha=True) if isinstance(self.with_, VideoClip) else self.with_

        def frames(start: int) -> Iterator[Frame]:
            rules: dict[str, Any] = {"inpainter": self.inpainter, "grow": self.grow}
            made = replace(source, masklets, given, self.settings, **rules)  # a clip that is put in begins with 0
            return (frame for frame in made if frame.index >= start)

        return _played(clip, source, frames, source.count)


@dataclass(frozen=True)
class ObjectEffect(Effect):  # type: ignore[misc]
    """``object`` and ``background``: NAME[:VARIANT] of an effect, as for ``tam effect``.

    With the background "cutout" the clip gets a mask: laid over another one, only the objects are seen.
    """

    masklets: Iterable[Masklet]
    object: str = "original"
    background: str = "original"
    feather: float = 1.5
    soft: bool = False

    def apply(self, clip: VideoClip) -> VideoClip:
        """Raises RequestError for a clip without a rate, and for an effect that there is not."""
        source, masklets = ClipSource(clip), tuple(self.masklets)
        top, under = find_effect(self.object, "object"), find_effect(self.background, "background")

        def frames(start: int) -> Iterator[Frame]:
            rules: dict[str, Any] = {"feather": self.feather, "soft": self.soft, "alpha": True, "start": start}
            return with_effects(source, masklets, top, under, **rules, required=start == 0)

        return _played(clip, source, frames, CHUNK if isinstance(top, Remove) else 1, isinstance(under, Transparent))


def masklet_to_mask_clip(
    masklet: Masklet, fps: float, duration: float | None = None, feather: float = 1.5
) -> VideoClip:
    """A masklet as a mask of moviepy: frames (H, W) float64 0..1, 1 on the object, with an edge ``feather`` px soft.

    ``duration`` in seconds; None: to the end of the last frame that was tracked. Raises RequestError for no rate.
    """
    rate = _rate(fps)

    def shown(time: float) -> Any:
        mask = masklet.mask(_index(time, rate))
        return (np.zeros(masklet.size) if mask is None else feathered(mask, feather)).astype(np.float64)

    length = float((max(masklet.frames, default=0) + 1) / rate) if duration is None else duration
    return VideoClip(shown, is_mask=True, duration=length).with_fps(float(rate))


class ClipSource:
    """A moviepy clip as a FrameSource: frame i is what the clip shows at i / fps seconds, asked for when it is needed.

    ``alpha``: the frames of a clip that has a mask are (H, W, 4) RGBA. Raises RequestError for a clip without a
    rate or a length.
    """

    def __init__(self, clip: VideoClip, alpha: bool = False) -> None:
        if not clip.duration:
            raise RequestError("the clip has no length: give it one with clip.with_duration(SECONDS)")
        self._clip, self._rate = clip, _rate(getattr(clip, "fps", None))
        self.count = max(1, round(Fraction(clip.duration).limit_denominator(10**6) * self._rate))
        times = tuple(index / self._rate for index in range(self.count))
        self._mask = clip.mask if alpha else None
        self._info = VideoInfo(width=int(clip.w), height=int(clip.h), rate=self._rate, times=times)
        self._held = _Held()

    @property
    def info(self) -> VideoInfo:
        return self._info

    def frames(self, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[Frame]:
        """Frames start, start + step, ... before ``stop``; see FrameSource."""
        return map(self.read, frame_range(self.count, start, stop, step))

    def read(self, index: int) -> Frame:
        """One frame. Raises FrameRangeError if there is no such frame."""
        check_index(index, self.count)
        pixels = self._held.get(index)
        if pixels is None:
            pixels = self._shown(float(index / self._rate))
            self._held.put(index, pixels)
        return Frame(index, index / self._rate, pixels.copy())

    def _shown(self, time: float) -> Pixels:
        """(H, W, 3) uint8, or with the clip's mask (H, W, 4)."""
        pixels = _levels(np.asarray(self._clip.get_frame(time))[..., :3])
        if self._mask is None:
            return pixels
        return np.dstack([pixels, _levels(np.asarray(self._mask.get_frame(time)) * 255)])


def _levels(shown: npt.NDArray[Any]) -> Pixels:
    """Levels 0..255 of any type, as uint8."""
    return shown if shown.dtype == np.uint8 else np.rint(shown).clip(0, 255).astype(np.uint8)


def _rate(fps: float | None) -> Fraction:
    if not fps or fps <= 0:
        raise RequestError(f"the clip's rate is {fps}: give it one with clip.with_fps(RATE)")
    return Fraction(fps).limit_denominator(1001)


def _index(time: float, rate: Fraction) -> int:
    """The frame that is shown at a time, which may have been rounded down a little."""
    return max(0, int(Fraction(time) * rate + Fraction(1, 1000)))


def _gone(masklets: Iterable[Masklet], start: int) -> bool:
    """Whether objects were seen, but none from frame ``start`` on."""
    last = max((frame for masklet in masklets for frame in masklet.visible_frames), default=None)
    return last is not None and last < start


def _played(
    clip: VideoClip, source: ClipSource, frames: Callable[[int], Iterator[Frame]], chunk: int, see_through: bool = False
) -> VideoClip:
    """The clip with other pictures; a mask from their alpha if they are ``see_through``."""
    player = _Player(frames, source.count, chunk)

    def at(time: float) -> Pixels:
        return player.frame(min(_index(time, source.info.rate), source.count - 1))

    def alpha(time: float) -> FloatMap:
        return np.asarray(at(time)[..., 3] / 255)

    new: VideoClip = clip.copy()  # clip.transform() would make the first frame now
    new.frame_function = lambda time: at(time)[..., :3]
    if see_through:
        mask = VideoClip(is_mask=True, duration=clip.duration).with_fps(clip.fps)
        mask.frame_function, mask.size = alpha, clip.size
        return new.with_mask(mask)
    return new


@dataclass
class _Held:
    """The frames asked for last."""

    pictures: OrderedDict[int, Pixels] = field(default_factory=OrderedDict)
    size: int = 0

    def get(self, index: int) -> Pixels | None:
        if index in self.pictures:
            self.pictures.move_to_end(index)
        return self.pictures.get(index)

    def put(self, index: int, pixels: Pixels) -> None:
        before = self.pictures.pop(index, None)
        self.size -= 0 if before is None else before.nbytes
        self.pictures[index] = pixels
        self.size += pixels.nbytes
        while self.size > HELD_BYTES and len(self.pictures) > 1:
            self.size -= self.pictures.popitem(last=False)[1].nbytes


@dataclass
class _Player:
    """Frames by index from a generator that begins at any multiple of ``chunk``, and goes on from where it is."""

    frames: Callable[[int], Iterator[Frame]]
    count: int
    chunk: int
    held: _Held = field(default_factory=_Held)
    running: Iterator[Frame] | None = None
    next: int = 0

    def frame(self, index: int) -> Pixels:
        pixels = self.held.get(index)
        if pixels is not None:
            return pixels
        if self.running is None or not self.next <= index < self.next + max(NEAR, self.chunk):
            self.next = index // self.chunk * self.chunk
            self.running = self.frames(self.next)
        for frame in self.running:
            self.next = frame.index + 1
            self.held.put(frame.index, frame.pixels)
            if frame.index == index:
                return frame.pixels
        raise RequestError(f"frame {index} of a clip of {self.count} frames could not be made")
