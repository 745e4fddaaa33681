"""A video with an effect on its objects and one on all else: a generator of frames. Knows no names and no files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from inpaint.base import Check, unchecked
from inpaint.effects.base import Effect, Moment, Original
from inpaint.effects.blend import blend, white
from inpaint.effects.following import Follower, follower
from inpaint.effects.taking import Plain, Remove, Transparent
from inpaint.holes import holes_of, require_visible
from inpaint.removal import remove
from tam_core.errors import RequestError
from tam_core.masklet import Masklet, union_mask
from tam_core.matte import SoftFrame, decontaminated, soft_alphas
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.video.source import Frame, FrameSource


def with_effects(
    source: FrameSource,
    masklets: Iterable[Masklet],
    object_effect: Effect | None = None,
    background_effect: Effect | None = None,
    *,
    feather: float = 1.5,
    soft: bool = False,
    alpha: bool = False,
    start: int = 0,
    stop: int | None = None,
    check: Check = unchecked,
    required: bool = True,
) -> Iterator[Frame]:
    """Frames ``start`` ... ``stop`` - 1 with the effects, in order; None leaves a layer as it is.

    The edge between the layers is ``feather`` px soft, or, if ``soft``, the matte that the picture itself suggests.
    ``alpha``: where the background's effect is to be transparent the frames are (H, W, 4) RGBA with straight alpha.
    ``check`` as for ``inpaint.remove``. Raises MaskletError for masks of another size, RequestError for a live source
    without a ``stop``, and NotVisibleError if no object is on any of the frames, unless none is ``required``.
    """
    chosen = tuple(masklets)
    span = _span(source, start, stop)
    holes = holes_of(chosen, source.info.size, 0, 0)
    if required:
        require_visible(holes, span)
    top, under = object_effect or Original(), background_effect or Original()
    see_through = alpha and isinstance(under, Transparent)
    run = _Layers(top, under, follower(chosen, float(source.info.rate)), soft, see_through)
    if isinstance(top, Remove) and not any(holes.visible(index) for index in span):
        return (run.without(frame) for frame in source.frames(span.start, span.stop))
    if isinstance(top, Remove):
        without = remove(
            source,
            chosen,
            inpainter=top.inpainter,
            grow=top.pixels(source.info.size),
            start=span.start,
            stop=span.stop,
            check=check,
        )
        return (run.without(frame) for frame in without)
    edges = _soft(source, chosen, span) if soft else _feathered(source, chosen, span, feather)
    return (run.frame(frame, objects) for frame, objects in edges)


def _span(source: FrameSource, start: int, stop: int | None) -> range:
    count = source.info.frame_count
    if count is None and stop is None:
        raise RequestError("effects on a live source need to know where to stop; give stop=...")
    ends = [end for end in (stop, count) if end is not None]
    return range(start, min(ends))


def _soft(source: FrameSource, masklets: tuple[Masklet, ...], span: range) -> Iterator[tuple[Frame, FloatMap]]:
    """The frames, and how much of each pixel is any object's."""
    for one in soft_alphas(source, masklets, span.start, span.stop):
        yield one.frame, _together(one, source.info.size)


def _together(one: SoftFrame, size: tuple[int, int]) -> FloatMap:
    rest = np.ones(size, np.float32)
    for alpha in one.alphas.values():
        rest *= 1 - alpha
    return 1 - rest


def _feathered(
    source: FrameSource, masklets: tuple[Masklet, ...], span: range, feather: float
) -> Iterator[tuple[Frame, FloatMap]]:
    for frame in source.frames(span.start, span.stop):
        mask = union_mask(masklets, frame.index)
        yield frame, feathered(np.zeros(source.info.size, bool) if mask is None else mask, feather)


@dataclass(frozen=True)
class _Layers:
    """One run. ``own_colours``: the objects' edges lose the colours of a background that is covered."""

    top: Effect
    under: Effect
    follower: Follower
    own_colours: bool
    see_through: bool

    def frame(self, frame: Frame, objects: FloatMap) -> Frame:
        """A frame and how much of each pixel is the objects', (H, W) 0..1 -> the frame with both effects."""
        moment, pixels = self._moment(frame), frame.pixels
        if self.own_colours and isinstance(self.under, Plain | Transparent):
            pixels = np.asarray(decontaminated(pixels, objects))
        if self.see_through:
            return replace(frame, pixels=self._see_through(pixels, objects, moment))
        pixels = self._on_background(pixels, 1 - objects, moment)
        return replace(frame, pixels=self._on_top(pixels, objects, moment))

    def without(self, frame: Frame) -> Frame:
        """A frame whose objects have been removed: all of it is background."""
        if self.see_through:
            return replace(frame, pixels=np.dstack([frame.pixels, np.zeros_like(frame.pixels[..., 0])]))
        everything = np.ones(frame.pixels.shape[:2], np.float32)
        return replace(frame, pixels=self._on_background(frame.pixels, everything, self._moment(frame)))

    def _moment(self, frame: Frame) -> Moment:
        return Moment(float(frame.time), self.follower.at(frame.index))

    def _on_top(self, pixels: Pixels, mask: FloatMap, moment: Moment) -> Pixels:
        return pixels if isinstance(self.top, Original) else self.top.apply(pixels, mask, moment)

    def _on_background(self, pixels: Pixels, mask: FloatMap, moment: Moment) -> Pixels:
        return pixels if isinstance(self.under, Original) else self.under.apply(pixels, mask, moment)

    def _see_through(self, pixels: Pixels, objects: FloatMap, moment: Moment) -> Pixels:
        """The objects and all that their effect draws, (H, W, 4).

        They are laid over black and over white; what differs between the two is the transparency, whatever the effect
        (Smith and Blinn 1996, section 4.2). Light of a colour has an alpha for each channel: the greatest is kept.
        """
        top = white(pixels)
        grounds = (np.zeros_like(pixels), np.full_like(pixels, top))
        dark, bright = (
            self._on_top(blend(ground, pixels, objects), objects, moment).astype(np.float32) for ground in grounds
        )
        share = (1 - (bright - dark).min(2) / top).clip(0, 1)
        colours = np.where(share[..., None] > 1e-3, dark / np.maximum(share, 1e-3)[..., None], pixels)
        return np.dstack([np.rint(colours).clip(0, top), np.rint(share * top)]).astype(pixels.dtype)


def feathered(mask: Mask, radius: float) -> FloatMap:
    """A mask with an edge that is ``radius`` px soft to both sides, (H, W) float32 0..1; wholly 0 and 1 beyond it."""
    hard = mask.astype(np.float32)
    if radius <= 0 or not mask.any():
        return hard
    side = 2 * max(1, round(radius)) + 1
    soft = cv2.GaussianBlur(hard, (side, side), radius / 2 + 0.3, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft)
