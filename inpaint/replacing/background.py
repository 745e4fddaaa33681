"""Everything but the objects replaced: a picture, a clip or a colour behind them, and their edges freed from the old.

Knows no motion: the new background stands still in the picture, or plays.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from inpaint.base import Check, unchecked
from inpaint.composite import lay
from inpaint.effects.blend import colour_of
from inpaint.holes import holes_of, require_visible
from inpaint.replacing.insert import REPEATS, Given, Insert, Still, open_insert
from inpaint.replacing.linear import peak_of, to_display, to_light, units
from inpaint.replacing.place import placed
from inpaint.replacing.render import Card, Layer, draw
from inpaint.replacing.shot import frames_of
from tam_core.errors import RequestError, SourceNotFoundError
from tam_core.masklet import Masklet
from tam_core.matte import SoftFrame, decontaminated, soft_alphas
from tam_core.registry import Parameter
from tam_core.types import FloatMap, Pixels, Size
from tam_core.video.source import Frame, FrameSource

FITS = ("cover", "contain", "stretch")
OVER = 1.0
"""Pixels by which a background reaches over the frame's edges."""

STRONGEST = 4.0
"""The objects become at most so many times brighter or darker to match."""

BACKGROUND_PARAMETERS = (
    Parameter("background", "text", "", "a picture, a clip, or a colour such as #20a040 or teal"),
    Parameter("fit", "choice", "cover", "how it goes into the frame", choices=FITS),
    Parameter("repeat", "choice", "loop", "a clip that ends before the shot begins again, or holds", choices=REPEATS),
    Parameter("light", "float", 0.0, "how far the objects take on the new background's light", "", 0, 1),
)


@dataclass
class Backdrop:
    """What is behind the objects, in the frame's size; a picture that does not change is drawn once."""

    insert: Insert
    fit: str
    _layer: Layer | None = None

    def frames(self, source: FrameSource, soft: Iterator[SoftFrame]) -> Iterator[tuple[SoftFrame, Pixels]]:
        """Each frame with the background that belongs to its time; where that is transparent it is the frame's own."""
        begin: Fraction | None = None
        for one in soft:
            begin = one.frame.time if begin is None else begin
            if self._layer is None or not self.insert.still:
                self._layer = self._drawn(one.frame.time - begin, source.info.size)
            behind = one.frame.pixels.copy()
            if self._layer is not None:
                lay(behind, self._layer)
            yield one, behind

    def _drawn(self, seconds: Fraction, size: Size) -> Layer | None:
        """It reaches a little over the frame's edge, where it would else be soft."""
        card = Card(self.insert.at(seconds))
        box = (-OVER, -OVER, size[1] + OVER, size[0] + OVER)
        matrix, _ = placed(card.size, box, self.fit, 1.0, (0, 0))
        return draw(card, [matrix], size)


def replace_background(
    source: FrameSource,
    masklets: Iterable[Masklet],
    background: Given,
    *,
    fit: str = "cover",
    repeat: str = "loop",
    light: float = 0.0,
    start: int = 0,
    stop: int | None = None,
    check: Check = unchecked,
) -> Iterator[Frame]:
    """Frames ``start`` ... ``stop`` - 1 of the masklets' objects in front of something else, in order.

    ``background``: a picture, a clip or a folder of pictures (``open_insert``), or a colour, #rrggbb or a name of CSS.
    Inside the objects pixels are the source's own, unless ``light`` (0..1) changes them; their edges are soft, and
    their colours there freed from the old background. Raises SourceNotFoundError, VideoError, RequestError,
    FrameRangeError, MaskletError and NotVisibleError.
    """
    span = frames_of(source, start, stop)
    if fit not in FITS:
        raise RequestError(f"a background cannot {fit!r}; it can: {', '.join(FITS)}")
    chosen = tuple(masklets)
    require_visible(holes_of(chosen, source.info.size), span)
    backdrop = Backdrop(open_background(background, repeat), fit)
    return _replaced(source, chosen, backdrop, light, span, check)


def open_background(background: Given, repeat: str = "loop") -> Insert:
    """A file if there is one of that name, else a colour. Raises what ``open_insert`` raises."""
    if not isinstance(background, str) or Path(background).exists():
        return open_insert(background, repeat)
    try:
        return Still(np.array([[colour_of(background)]], np.uint8))
    except RequestError:
        raise SourceNotFoundError(
            f"{background!r} is neither a picture or clip that is there nor a colour such as #20a040 or teal"
        ) from None


def _replaced(
    source: FrameSource, masklets: Sequence[Masklet], backdrop: Backdrop, light: float, span: range, check: Check
) -> Iterator[Frame]:
    soft = soft_alphas(source, masklets, span.start, span.stop)
    for done, (one, behind) in enumerate(backdrop.frames(source, soft)):
        alpha = _together(one, behind.shape[:2])
        yield Frame(one.frame.index, one.frame.time, before(one.frame.pixels, alpha, behind, light))
        check(done + 1)


def _together(one: SoftFrame, size: tuple[int, ...]) -> FloatMap:
    """All objects of a frame, (H, W) 0..1."""
    free = np.ones(size, np.float32)
    for alpha in one.alphas.values():
        free *= 1 - alpha
    return 1 - free


def before(pixels: Pixels, alpha: FloatMap, behind: Pixels, light: float) -> Pixels:
    """The objects of ``pixels`` (H, W, 3), as far as ``alpha`` (H, W) says, before ``behind``, mixed as light."""
    colours = decontaminated(pixels, alpha)
    result = behind.copy()
    inside = alpha >= 1 if not light else np.zeros(alpha.shape, bool)
    result[inside] = pixels[inside]
    mixed = (alpha > 0) & ~inside
    share = alpha[mixed][:, None]
    front = to_light(units(colours[mixed]))
    if light:
        front = np.asarray(np.minimum(front * _relit(pixels, alpha, behind, light), 1), np.float32)
    values = front * share + to_light(units(behind[mixed])) * (1 - share)
    result[mixed] = np.rint(to_display(np.asarray(values, np.float32)) * peak_of(pixels))
    return result


def _relit(pixels: Pixels, alpha: FloatMap, behind: Pixels, light: float) -> FloatMap:
    """(3,): what the objects' light is multiplied by, from the light of the old surroundings and of the new ones."""
    free = alpha[::4, ::4] <= 0
    if not free.any():
        return np.ones(3, np.float32)
    old, new = (to_light(units(picture[::4, ::4][free])).mean(0) + 1e-3 for picture in (pixels, behind))
    return np.asarray(np.clip(new / old, 1 / STRONGEST, STRONGEST) ** light, np.float32)
