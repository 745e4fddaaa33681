"""Put something else in an object's place, moving and lit as the shot is; or something else behind the objects.

The object is taken away (``inpaint.removal``) and what is put in is laid over what was behind it: where neither was,
every pixel stays the source's. Two goes over the shot before the first frame comes out: one to follow the objects, one
to measure the shot. Knows nothing of files but what is put in.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import replace as changed
from fractions import Fraction

from inpaint.base import Check, Inpainter, unchecked
from inpaint.composite import lay
from inpaint.engines import INPAINTERS
from inpaint.holes import BY_SIZE, holes_of, require_visible
from inpaint.removal import remove
from inpaint.replacing.actor import Actor, Course, Drawing, Pursuit
from inpaint.replacing.background import BACKGROUND_PARAMETERS, replace_background
from inpaint.replacing.fit import MODELS
from inpaint.replacing.insert import REPEATS, Given, Insert, open_insert
from inpaint.replacing.match import lit
from inpaint.replacing.motion import choose_anchor, stretches
from inpaint.replacing.place import FITS
from inpaint.replacing.render import Layer
from inpaint.replacing.shot import Shot, frames_of
from tam_core.errors import FrameRangeError, NotVisibleError
from tam_core.masklet import Masklet
from tam_core.registry import Parameter
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.video.source import Frame, FrameSource

__all__ = [
    "BACKGROUND_PARAMETERS",
    "PARAMETERS",
    "ReplaceSettings",
    "Replacement",
    "replace",
    "replace_background",
]

MOTIONS = ("auto", *MODELS)
MEASURED = -1.0
"""A shutter: as long as the object's own blur says."""

PARAMETERS = (
    Parameter(
        "motion", "choice", "auto", "how it may move and deform; auto: the simplest that is enough", choices=MOTIONS
    ),
    Parameter(
        "anchor", "int", -1, "frame on which it is placed by the object's box; -1: where most of it is seen", "", -1
    ),
    Parameter("fit", "choice", "contain", "how it goes into the object's box", choices=FITS),
    Parameter("scale", "float", 1.0, "times the size that fits", "", 0.01, 100),
    Parameter("offset_x", "float", 0.0, "moved right on the anchor frame", "px", -16384, 16384),
    Parameter("offset_y", "float", 0.0, "moved down on the anchor frame", "px", -16384, 16384),
    Parameter("repeat", "choice", "loop", "a clip that ends before the shot begins again, or holds", choices=REPEATS),
    Parameter("light", "bool", True, "follow the shot's exposure and colour over time"),
    Parameter("tone", "float", 0.5, "how far its black and white become the shot's", "", 0, 1),
    Parameter("grain", "bool", True, "give it the shot's grain"),
    Parameter("motion_blur", "bool", True, "blur it by its motion"),
    Parameter("shutter", "float", MEASURED, "exposure of a frame; -1: measured, else 180", "degrees", -1, 360),
    Parameter("sharpness", "bool", True, "no sharper than the object it stands for"),
    Parameter("shadow", "float", 0.0, "darkness of a contact shadow under it", "", 0, 1),
    Parameter("occlusion", "bool", True, "what hides the object hides it too"),
    Parameter("seed", "int", 0, "of the grain", "", 0, 2**31 - 1),
)
"""The fields of ``ReplaceSettings``, for menus. Beside them stands "with", a file name."""


@dataclass(frozen=True)
class ReplaceSettings:
    """How something is put in an object's place; the words are those of PARAMETERS."""

    motion: str = "auto"
    anchor: int = -1
    fit: str = "contain"
    scale: float = 1.0
    offset_x: float = 0.0
    offset_y: float = 0.0
    repeat: str = "loop"
    light: bool = True
    tone: float = 0.5
    grain: bool = True
    motion_blur: bool = True
    shutter: float = MEASURED
    sharpness: bool = True
    shadow: float = 0.0
    occlusion: bool = True
    seed: int = 0


def replace(
    source: FrameSource,
    masklets: Iterable[Masklet],
    with_: Given,
    settings: ReplaceSettings | None = None,
    *,
    inpainter: Inpainter | str = "plate",
    grow: int = BY_SIZE,
    feather: int = 2,
    start: int = 0,
    stop: int | None = None,
    memory: float | None = None,
    check: Check = unchecked,
) -> Iterator[Frame]:
    """Frames ``start`` ... ``stop`` - 1 with ``with_`` in the place of every object, in order.

    ``with_``: a picture or a clip, see ``open_insert``; a clip begins with the first frame and goes by time.
    ``inpainter``, ``grow``, ``feather``, ``memory``, ``check`` as for ``remove``. Outside the grown objects and what is
    put in every pixel is the source's own. Raises what ``Replacement`` raises.
    """
    work = Replacement(
        source,
        masklets,
        with_,
        settings,
        inpainter=inpainter,
        grow=grow,
        feather=feather,
        start=start,
        stop=stop,
        memory=memory,
    )
    return _all(work, check)


def _all(work: "Replacement", check: Check) -> Iterator[Frame]:
    for _ in work.measure():
        check(0)
    yield from work.frames(check)


def check_anchor(anchor: int, frames: range) -> None:
    """Raises FrameRangeError unless the frame is one of those to work on; below 0 it is chosen among them."""
    if anchor >= 0 and anchor not in frames:
        first, last = frames.start, frames.stop - 1
        raise FrameRangeError(f"the anchor frame {anchor} is not among the frames {first} to {last}")


class Replacement:
    """One run, for those who show how far it is: go over ``measure()``, then over ``frames()``.

    Raises NotVisibleError if there is nothing to replace, RequestError, FrameRangeError and MaskletError for what does
    not fit together, SourceNotFoundError and VideoError for what is put in.
    """

    def __init__(
        self,
        source: FrameSource,
        masklets: Iterable[Masklet],
        with_: Given,
        settings: ReplaceSettings | None = None,
        *,
        inpainter: Inpainter | str = "plate",
        grow: int = BY_SIZE,
        feather: int = 2,
        start: int = 0,
        stop: int | None = None,
        memory: float | None = None,
    ) -> None:
        self._settings = settings or ReplaceSettings()
        self._source, self._memory = source, memory
        self._span = frames_of(source, start, stop)
        self._holes = holes_of(masklets, source.info.size, grow, feather)
        require_visible(self._holes, self._span)
        self._insert = open_insert(with_, self._settings.repeat)
        self._engine = inpainter if not isinstance(inpainter, str) else INPAINTERS.get(inpainter, "inpainter").load()
        self._anchors = {m: self._anchor(m) for m in range(len(self._holes.masklets))}
        self._shot = Shot(self._holes)
        self._actors: list[Actor] = []

    @property
    def steps(self) -> int:
        """How many items ``measure`` gives."""
        stretched = (stretches(masklet, self._span) for masklet in self._holes.masklets)
        return len(self._span) + sum(len(stretch) for found in stretched for stretch in found)

    @property
    def insert(self) -> Insert:
        return self._insert

    @property
    def courses(self) -> list[Course]:
        """How the objects were found to move; complete after ``measure``."""
        return [actor.course for actor in self._actors]

    def _anchor(self, position: int) -> int | None:
        """The frame on which one object is placed, None for an object that is never seen."""
        masklet, asked = self._holes.masklets[position], self._settings.anchor
        if asked < 0:
            return choose_anchor(masklet, self._span)
        check_anchor(asked, self._span)
        if asked not in masklet.rles or not masklet.rles[asked].area:
            seen = [frame for frame in masklet.visible_frames if frame in self._span]
            where = f"it is on frames {seen[0]} to {seen[-1]}" if seen else "it is on none of the frames"
            raise NotVisibleError(f"object {masklet.object_id} is not seen on the anchor frame {asked}; {where}")
        return asked

    def measure(self) -> Iterator[None]:
        """Follow the objects and look at the shot, one item a frame and way over it."""
        for frame in self._source.frames(self._span.start, self._span.stop):
            self._shot.add(frame)
            yield
        for position, anchor in self._anchors.items():
            if anchor is None:
                continue
            masklet = self._holes.masklets[position]
            pursuit = Pursuit(self._source, masklet, self._span, anchor, self._settings.motion, self._shot.cameras)
            yield from pursuit.steps()
            assert pursuit.course is not None
            self._actors.append(Actor(masklet, pursuit.course, self._drawing(pursuit.course)))

    def _drawing(self, course: Course) -> Drawing:
        s = self._settings
        shutter = (course.shutter if s.shutter < 0 else s.shutter) if s.motion_blur else 0.0
        return Drawing(s.fit, s.scale, (s.offset_x, s.offset_y), shutter, s.shadow, s.occlusion)

    def frames(self, check: Check = unchecked) -> Iterator[Frame]:
        """The frames with the objects replaced, in order."""
        without = remove(
            self._source,
            self._holes.masklets,
            inpainter=self._engine,
            grow=self._holes.grow,
            feather=self._holes.feather,
            start=self._span.start,
            stop=self._span.stop,
            memory=self._memory,
            check=check,
        )
        begin: Fraction | None = None
        for frame in without:
            begin = frame.time if begin is None else begin
            yield self._with(frame, frame.time - begin)

    def hole(self, frame: int) -> Mask:
        """What may differ from the source on a frame, (H, W) bool; for a receipt, after ``measure``."""
        reached = self._holes.hole(frame).copy()
        times = self._source.info.times
        assert times is not None
        for actor in self._seen(frame):
            for layer, _ in self._layers(actor, frame, times[frame] - times[self._span.start], None):
                x0, y0, x1, y1 = layer.box
                reached[y0:y1, x0:x1] |= layer.alpha > 0
        return reached

    def _with(self, frame: Frame, seconds: Fraction) -> Frame:
        """A frame without the objects, with what is put in their places."""
        pixels = frame.pixels.copy()
        for actor in self._seen(frame.index):
            for layer, grain in self._layers(actor, frame.index, seconds, frame.pixels):
                lay(pixels, layer, grain)
        return changed(frame, pixels=pixels)

    def _seen(self, frame: int) -> list[Actor]:
        return [actor for actor in self._actors if actor.masklet.rles.get(frame) and actor.masklet.rles[frame].area]

    def _layers(
        self, actor: Actor, frame: int, seconds: Fraction, pixels: Pixels | None
    ) -> Iterator[tuple[Layer, FloatMap | None]]:
        """What is laid over a frame for one object, the lowest first, and its grain.

        ``pixels``: what it is laid over, to tell what hides it; None: nothing does.
        """
        picture = self._insert.at(seconds)
        shadow = actor.shadow(picture, frame, pixels)
        if shadow is not None:
            yield shadow, None
        layer = self._layer(actor, picture, frame, pixels)
        if layer is not None:
            yield layer, self._grain(layer, actor.masklet.object_id, frame)

    def _layer(self, actor: Actor, picture: Pixels, frame: int, pixels: Pixels | None) -> Layer | None:
        """What is put in for one object, in the shot's light and as sharp as the object was."""
        settings, anchor = self._settings, actor.course.anchor
        blur = self._shot.blur(actor.masklet.object_id, frame) if settings.sharpness else None
        layer = actor.layer(picture, frame, blur, pixels)
        if layer is None:
            return None
        light = self._shot.tones(anchor).taking(settings.tone)
        if settings.light:
            light = light.then(self._shot.change(anchor, frame))
        return lit(layer, light)

    def _grain(self, layer: Layer, object_id: int, frame: int) -> FloatMap | None:
        if not self._settings.grain:
            return None
        height, width = layer.alpha.shape
        return self._shot.grain.field(height, width, (self._settings.seed, object_id, frame))
