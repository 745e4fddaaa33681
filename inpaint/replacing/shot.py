"""What a shot looks like, from one pass over it: its light over time, its grain, its range of tones, how sharp it is.

All of it is measured on the background and on the objects' edges. Knows nothing of what is put in.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from inpaint.camera import Matrix, camera_motion
from inpaint.holes import Holes
from inpaint.light import SAME, Light, measure_light
from inpaint.replacing.grain import Grain, measure_grain, median_grain
from inpaint.replacing.look import box_of
from inpaint.replacing.sharpness import edge_blur
from tam_core.errors import FrameRangeError, RequestError
from tam_core.masklet import Masklet
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.video.source import Frame, FrameSource

SIDE = 240
"""The longer side of the pictures that light is measured on."""

SHARED = 0.6
"""While a frame shares this much of its background with a key frame, its light is measured against that one."""

STRANGE = 24.0
"""Two backgrounds that differ by more levels than this in the mean are of different scenes."""

GRAIN_EVERY = 5
GRAIN_MOST = 16
"""Grain is measured on every so many frames, and on at most so many."""

CALM = 7
"""Sharpness is the median over so many frames before and behind: focus is pulled slowly, errors are quick."""

TONES = (0.005, 0.995)
"""The share of the background's pixels that is darker than black and than white is said to be."""


@dataclass(frozen=True)
class Tones:
    """The darkest and the brightest that a frame shows, channel by channel, in levels of 255."""

    black: FloatMap
    white: FloatMap

    def taking(self, strength: float) -> Light:
        """The change that brings the full range of tones into this one, as far as ``strength`` 0..1 says."""
        gain = 1 + strength * ((self.white - self.black) / 255 - 1)
        return Light(np.asarray(gain, np.float32), np.asarray(strength * self.black, np.float32))


@dataclass
class Shot:
    """Fill it with every frame in order (``add``), then ask."""

    holes: Holes
    lights: dict[int, Light] = field(default_factory=dict)
    blurs: dict[int, dict[int, float]] = field(default_factory=dict)
    _tones: dict[int, Tones] = field(default_factory=dict)
    _previous: tuple[Frame, Mask] | None = None
    _grains: list[Grain] = field(default_factory=list)
    _key: "_View | None" = None
    _last: "_View | None" = None
    cameras: dict[int, Matrix] = field(default_factory=dict)
    _way: Matrix = field(default_factory=lambda: np.eye(3))
    _key_way: Matrix = field(default_factory=lambda: np.eye(3))
    _before: Matrix = field(default_factory=lambda: np.eye(3))
    _key_light: Light = SAME

    def add(self, frame: Frame) -> None:
        hole = self.holes.hole(frame.index)
        small = _view(frame.pixels, hole)
        self.lights[frame.index] = self._light(small, frame.index)
        self.cameras[frame.index] = self._camera(small, hole.shape[1])
        self._tones[frame.index] = _tones(small)
        if len(self.lights) % GRAIN_EVERY == 2 and len(self._grains) < GRAIN_MOST:
            self._add_grain(frame, hole)
        self._previous = frame, hole
        for masklet in self.holes.masklets:
            blur = object_blur(frame, masklet)
            if blur is not None:
                self.blurs.setdefault(masklet.object_id, {})[frame.index] = blur

    def _add_grain(self, frame: Frame, hole: Mask) -> None:
        """Measured against the frame before, as the camera has moved since."""
        assert self._previous is not None
        before, other_hole = self._previous
        height, width = hole.shape
        way = np.linalg.inv(self.cameras[before.index]) @ self.cameras[frame.index]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        brought = cv2.warpPerspective(before.pixels, way, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        covered = cv2.warpPerspective(other_hole.astype(np.uint8), way, (width, height), flags=flags, borderValue=1) > 0
        grain = measure_grain(frame.pixels, ~(hole | covered), brought)
        self._grains += [grain] if grain is not None else []

    def change(self, anchor: int, frame: int) -> Light:
        """How the light of a frame differs from the anchor's."""
        return self.lights[anchor].inverse().then(self.lights[frame])

    def tones(self, frame: int) -> Tones:
        return self._tones[frame]

    @property
    def grain(self) -> Grain:
        return median_grain(self._grains)

    def blur(self, object_id: int, frame: int) -> float | None:
        """Standard deviation, in pixels, of the blur of an object's edges around a frame; None if it has none."""
        known = self.blurs.get(object_id, {})
        near = [blur for other, blur in known.items() if abs(other - frame) <= CALM]
        return float(np.median(near or list(known.values()))) if known else None

    def _light(self, now: "_View", index: int) -> Light:
        """The change of light from the first frame, through a key frame that shares its background."""
        if self._key is None or self._last is None:
            self._key = self._last = now
            return SAME
        self._before = self._way
        self._way = self._way @ camera_motion(now.gray, self._last.gray, now.free, self._last.free)
        light, share = _change(self._key, now, self._way)
        if share < SHARED and self._key is not self._last:
            self._key, self._key_light = self._last, self.lights[index - 1]
            self._key_way = self._key_way @ self._before
            self._way = camera_motion(now.gray, self._last.gray, now.free, self._last.free)
            light, _ = _change(self._key, now, self._way)
        self._last = now
        return self._key_light.then(light)

    def _camera(self, now: "_View", width: int) -> Matrix:
        """From the frame's pixels to the first frame's, as the background moved."""
        scale = now.gray.shape[1] / width
        zoom = np.diag([scale, scale, 1.0])
        return np.asarray(np.linalg.inv(zoom) @ self._key_way @ self._way @ zoom, np.float64)


@dataclass(frozen=True)
class _View:
    """A frame made small; ``free`` (h, w): background."""

    colour: Pixels
    gray: Pixels
    free: Mask


def _view(pixels: Pixels, hole: Mask) -> _View:
    height, width = hole.shape
    scale = min(1.0, SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    if small.dtype != np.uint8:
        small = (small >> 8).astype(np.uint8)
    covered = cv2.resize(hole.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0
    return _View(small, cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), ~covered)


def _change(key: _View, now: _View, way: Matrix) -> tuple[Light, float]:
    """The light of ``now`` against the key frame's, and how much of its background both show."""
    height, width = now.free.shape
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    picture = cv2.warpPerspective(key.colour, way, (width, height), flags=flags)
    free = cv2.warpPerspective(key.free.astype(np.uint8) * 255, way, (width, height), flags=flags) == 255
    valid = free & now.free
    light = measure_light(cv2.blur(picture, (3, 3)), cv2.blur(now.colour, (3, 3)), valid)
    if not valid.any():
        return SAME, 0.0
    strange = np.median(np.abs(light.apply(picture[valid]) - now.colour[valid])) > STRANGE
    return (SAME if strange else light), float(valid.sum() / max(now.free.sum(), 1))


def _tones(view: _View) -> Tones:
    colours = view.colour[view.free] if view.free.any() else view.colour.reshape(-1, 3)
    black, white = np.quantile(colours, TONES, axis=0)
    return Tones(np.asarray(black, np.float32), np.asarray(white, np.float32))


def object_blur(frame: Frame, masklet: Masklet) -> float | None:
    """How soft the edges in and around an object are on a frame, in pixels."""
    box, mask = box_of(masklet, frame.index), masklet.mask(frame.index)
    if box is None or mask is None:
        return None
    height, width = mask.shape
    x0, y0 = (int(max(side - 8, 0)) for side in box[:2])
    x1, y1 = (int(min(side + 8, limit)) for side, limit in zip(box[2:], (width, height), strict=True))
    near = cv2.dilate(mask[y0:y1, x0:x1].astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return edge_blur(gray_levels(frame.pixels[y0:y1, x0:x1]), near)


def gray_levels(pixels: Pixels) -> FloatMap:
    """(h, w) float32 in levels of 255, of 8 or 16 bits."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(gray, np.float32) / np.float32(1 if pixels.dtype == np.uint8 else 257)


def frames_of(source: FrameSource, start: int, stop: int | None) -> range:
    """The frames to work on. Raises RequestError for a live source, FrameRangeError if there are none."""
    count = source.info.frame_count
    if count is None:
        raise RequestError("a live source cannot be gone over twice; record it, then replace")
    end = count if stop is None else min(stop, count)
    if not 0 <= start < end:
        raise FrameRangeError(f"frames {start} to {end} of a video of {count} frames")
    return range(start, end)
