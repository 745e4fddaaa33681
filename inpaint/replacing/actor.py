"""One object and what goes in its place: followed through the shot, then drawn on any of its frames."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from inpaint.camera import Matrix
from inpaint.holes import Box
from inpaint.replacing.exposure import USUAL, corner_tracks, exposure, fast_and_slow, measure_shutter
from inpaint.replacing.look import box_of, look_at
from inpaint.replacing.match import extra_blur, own_blur
from inpaint.replacing.motion import Follower, Place, choose_anchor, settle, stretches
from inpaint.replacing.occluders import Occluders, find_occluders
from inpaint.replacing.outline import outline_of
from inpaint.replacing.place import cropped, placed
from inpaint.replacing.render import Card, Layer, blurred, draw
from inpaint.replacing.shadow import contact_shadow
from inpaint.replacing.smooth import corners_of, everywhere, smoothed, without_drift
from tam_core.masklet import Masklet
from tam_core.types import XYXY, FloatMap, Pixels
from tam_core.video.source import Frame, FrameSource


@dataclass(frozen=True)
class Course:
    """How an object lies on every frame of ``frames``. ``matrices`` by position, from the anchor frame's pixels.

    ``model``: what they are. ``box``, ``corners``: the object's box on the anchor frame. ``shutter``: degrees for which
    the object was exposed.
    """

    frames: range
    anchor: int
    model: str
    box: XYXY
    matrices: Sequence[Matrix] = field(repr=False)
    occluders: Occluders = field(repr=False)
    shutter: float

    @property
    def corners(self) -> FloatMap:
        return corners_of(self.box)

    def matrix(self, frame: int) -> Matrix:
        return self.matrices[frame - self.frames.start]

    def exposure(self, frame: int, degrees: float) -> list[Matrix]:
        """The matrices of the moments that the shutter is open for around a frame."""
        if not degrees:
            return [self.matrix(frame)]
        return exposure(self._tracks(), self.corners, frame - self.frames.start, degrees)

    def _tracks(self) -> FloatMap:
        return corner_tracks(self.matrices, self.corners)


class Pursuit:
    """Follows one object: ``steps`` goes over all frames, then ``course`` is there."""

    def __init__(
        self,
        source: FrameSource,
        masklet: Masklet,
        frames: range,
        anchor: int,
        motion: str,
        cameras: Mapping[int, Matrix],
    ) -> None:
        self._source, self._masklet, self._frames = source, masklet, frames
        self._anchor, self._motion, self._cameras = anchor, motion, cameras
        self.course: Course | None = None

    def steps(self) -> Iterator[None]:
        """One step a frame that shows the object, in each stretch from its clearest frame both ways."""
        anchor = self._source.read(self._anchor)
        places = []
        seen = stretches(self._masklet, self._frames)
        for stretch in sorted(seen, key=lambda stretch: self._anchor not in stretch):
            for place in self._along(stretch, anchor):
                places.append(place)
                yield
        self.course = self._settled(places)

    def _along(self, stretch: range, anchor: Frame) -> Iterator[Place]:
        """The places on a stretch of frames, first that of the frame which the others are followed from."""
        first, place = anchor, Place(self._anchor, np.eye(3), 0.0)
        if self._anchor not in stretch:
            clearest = choose_anchor(self._masklet, stretch)
            assert clearest is not None
            first = self._source.read(clearest)
            place = Follower(self._masklet, anchor, self._motion).find(first)
        yield place
        forwards, backwards = (Follower(self._masklet, first, self._motion, place) for _ in range(2))
        if first.index + 1 < stretch.stop:
            yield from map(forwards.step, self._source.frames(first.index + 1, stretch.stop))
        if first.index > stretch.start:
            stop = stretch.start - 1 if stretch.start else None
            yield from map(backwards.step, self._source.frames(first.index - 1, stop, -1))

    def _settled(self, places: list[Place]) -> Course:
        box = box_of(self._masklet, self._anchor)
        assert box is not None
        found, model = settle(places, self._motion)
        settled = everywhere(found, self._frames)
        rough = outline_of(self._masklet, {place.frame: place.matrix for place in settled}, self._anchor)
        boxes = [box_of(self._masklet, p.frame) if p.frame in rough.whole else None for p in settled]
        steady = without_drift(settled, boxes, box)
        matrices = smoothed(steady, box)
        ways = dict(zip(self._frames, matrices, strict=True))
        outline = outline_of(self._masklet, ways, self._anchor)
        occluders = find_occluders(self._masklet, outline, ways, self._cameras, box)
        shutter = self._shutter(settled, matrices, box)
        return Course(self._frames, self._anchor, model, box, matrices, occluders, shutter)

    def _shutter(self, places: Sequence[Place], matrices: Sequence[Matrix], box: XYXY) -> float:
        """Measured where the object is seen both fast and slow, or else what is usual."""
        corners = corners_of(box)
        tracks = corner_tracks(matrices, corners)
        scale = min(1.0, 200 / max(box[2] - box[0], box[3] - box[1], 1))
        usable = np.array([place.steps == 0 and place.error < 1 for place in places])
        chosen = fast_and_slow(tracks, scale, usable)
        if chosen is None:
            return USUAL
        fast, slow = chosen
        looks = {}
        for position in (*fast, slow):
            look = look_at(self._source.read(self._frames[position]), self._masklet, scale)
            assert look is not None
            looks[position] = look
        return measure_shutter(looks, tracks, corners, fast, slow)


@dataclass(frozen=True)
class Drawing:
    """How what is put in is drawn: see ``ReplaceSettings``. ``shutter`` in degrees, 0 = no motion blur."""

    fit: str
    scale: float
    offset: tuple[float, float]
    shutter: float
    shadow: float
    occlusion: bool


@dataclass
class Actor:
    """What stands in for one object. ``card`` is kept while the picture stays the same."""

    masklet: Masklet
    course: Course
    drawing: Drawing
    _picture: Pixels | None = None
    _card: Card | None = None
    _shadow: tuple[Card, Matrix] | None = None
    _matrix: Matrix = field(default_factory=lambda: np.eye(3))
    _own_blur: float | None = None

    def layer(self, picture: Pixels, frame: int, wanted_blur: float | None, pixels: Pixels | None) -> Layer | None:
        """The picture (h, w, 4) on a frame, as far as it may be seen there; None where it is outside of the frame.

        ``wanted_blur``: how soft its edges have to be, in pixels; None: as they are. ``pixels`` (H, W, 3): the frame,
        to tell what hides it; None: nothing does.
        """
        self._take(picture)
        assert self._card is not None
        if self._own_blur is None and wanted_blur is not None:
            here = self.course.matrix(frame) @ self._matrix
            sharp = draw(self._card, [here], self.masklet.size)
            self._own_blur = None if sharp is None else own_blur(sharp)
        softness = extra_blur(self._own_blur, wanted_blur)
        ways = [way @ self._matrix for way in self.course.exposure(frame, self.drawing.shutter)]
        layer = draw(self._card, ways, self.masklet.size, 2 + int(np.ceil(3 * softness)))
        return None if layer is None else blurred(layer, softness).times(self._visible(layer.box, frame, pixels))

    def shadow(self, picture: Pixels, frame: int, pixels: Pixels | None) -> Layer | None:
        """What darkens the ground under the picture, where that may be seen; None if there is none."""
        self._take(picture)
        if self._shadow is None:
            return None
        card, matrix = self._shadow
        ways = [way @ matrix for way in self.course.exposure(frame, self.drawing.shutter)]
        layer = draw(card, ways, self.masklet.size)
        return None if layer is None else layer.times(self._visible(layer.box, frame, pixels))

    def _visible(self, box: Box, frame: int, pixels: Pixels | None) -> FloatMap:
        height, width = box[3] - box[1], box[2] - box[0]
        everything = np.ones((height, width), np.float32)
        if pixels is None or not self.drawing.occlusion:
            return everything
        share = self.course.occluders.visible(frame, box, pixels)
        return everything if share is None else share

    def _take(self, picture: Pixels) -> None:
        if picture is self._picture:
            return
        drawing = self.drawing
        size = picture.shape[0], picture.shape[1]
        self._matrix, crop = placed(size, self.course.box, drawing.fit, drawing.scale, drawing.offset)
        shown = cropped(picture, crop)
        self._picture, self._card, self._shadow = picture, Card(shown), None
        if drawing.shadow:
            dark, where = contact_shadow(shown, drawing.shadow)
            self._shadow = Card(dark), self._matrix @ where
