"""How the background moved between two neighbouring frames, also behind the hole.

A ``Link`` joins two frames: the camera's homography, a smooth field for what the homography leaves over, and the change
of light. Points are followed through it both ways. The field is fitted to tracked corners of the background (KLT) by
affine maps, first over the whole picture and then more and more locally, so that it goes on through the hole as a
plane seen in perspective does; it is never read off the object. Everything is measured at reduced resolution; the
pixels that are later copied are not.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from inpaint.camera import Gray, Matrix, Points, apply, camera_motion, tracked
from inpaint.levels import levels, stored
from inpaint.light import Light, measure_light
from tam_core.types import FloatMap, Mask, Pixels


@dataclass(frozen=True)
class FlowSettings:
    """``side``: the longer side of the pictures that motion is measured on, in pixels. ``halo``: corners this close to
    an object (in those pixels) may be the object's and are not used. ``cell``: the field has one node per so many
    pixels. ``reaches``: how far the fits look, as shares of the longer side, wide to local. ``stiffness``: how many
    corners' worth of evidence a local fit needs before it departs from the wider one. ``outlier``, in pixels: corners
    that depart further from the wider fit count less and less. ``misfit``: two frames whose backgrounds differ by more
    than this share of their contrast do not show the same scene, unless it is less than ``grain``
    levels. ``noise``: where standing still explains two pictures as well as the best homography, the camera stood
    still, and a residual below so many pixels is none."""

    side: int = 400
    halo: int = 5
    corners: int = 2000
    cell: int = 4
    reaches: tuple[float, ...] = (1 / 3, 1 / 8, 1 / 18, 1 / 40)
    stiffness: float = 0.2
    outlier: float = 1.0
    misfit: float = 0.6
    grain: float = 6.0
    noise: float = 0.15


@dataclass(frozen=True)
class View:
    """A frame as flow sees it: small; ``free`` (h, w) bool, True = background; ``scale`` is h over the true height."""

    gray: Gray
    colour: Pixels
    free: Mask
    scale: float


@dataclass(frozen=True)
class Link:
    """The way of the background between an ``earlier`` and a ``later`` frame.

    ``matrix`` and ``inverse`` take points of the later frame to the earlier one and back; ``residual`` (h, w, 2)
    float32, in pixels, is added before ``matrix``; ``scale`` is h over the pictures' height. ``light`` turns the
    earlier frame's colours into the later one's. ``broken``: the two frames do not show the same scene.
    """

    matrix: Matrix
    inverse: Matrix
    residual: FloatMap
    scale: float
    light: Light
    broken: bool

    def to_earlier(self, points: Points) -> Points:
        """Where points of the later frame were in the earlier one."""
        return apply(self.matrix, np.asarray(points + sample(self.residual, points, self.scale), np.float32))

    def to_later(self, points: Points) -> Points:
        """Where points of the earlier frame go in the later one (fixed point of ``to_earlier``)."""
        aligned = apply(self.inverse, points)
        guess = np.asarray(aligned - sample(self.residual, aligned, self.scale), np.float32)
        return np.asarray(aligned - sample(self.residual, guess, self.scale), np.float32)


def view(frame: Pixels, hole: Mask, settings: FlowSettings) -> View:
    """A frame (H, W, 3) and its hole (H, W), made small for measuring."""
    height, width = hole.shape
    scale = min(1.0, settings.side / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = stored(levels(cv2.resize(frame, size, interpolation=cv2.INTER_AREA)), np.uint8)
    covered = cv2.resize(hole.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0
    return View(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), small, ~covered, scale)


def link(earlier: View, later: View, settings: FlowSettings) -> Link:
    """Measure how the background of ``later`` was placed in ``earlier``."""
    small = camera_motion(later.gray, earlier.gray, later.free, earlier.free)
    guess = _aligned(earlier, later, small)
    if not np.array_equal(small, np.eye(3)):
        stayed = _aligned(earlier, later, np.eye(3))
        small, guess = (np.eye(3), stayed) if stayed.misfit <= guess.misfit else (small, guess)
    residual = _residual(later.gray, guess.picture, guess.valid, settings)
    if np.array_equal(small, np.eye(3)):
        residual[np.linalg.norm(residual, axis=2) < settings.noise] = 0
    zoom: Matrix = np.diag([later.scale, later.scale, 1.0])
    matrix = np.asarray(np.linalg.inv(zoom) @ small @ zoom, np.float64)
    field = residual / np.float32(later.scale)
    inverse = np.asarray(np.linalg.inv(matrix), np.float64)
    return Link(matrix, inverse, field, later.scale, guess.light, not guess.same_scene(settings))


@dataclass(frozen=True)
class _Aligned:
    """An earlier ``picture`` as the later camera would have seen it: ``valid`` where both show background.

    ``misfit`` and ``contrast``, in levels: what is left of a difference when ``light`` is taken into account, and how
    much the later picture varies, in the channel that varies most.
    """

    picture: Pixels
    valid: Mask
    light: Light
    misfit: float
    contrast: float

    def same_scene(self, settings: FlowSettings) -> bool:
        """Whether the two backgrounds agree, measured against their contrast."""
        return self.misfit < max(settings.grain, settings.misfit * self.contrast)


def _aligned(earlier: View, later: View, matrix: Matrix) -> _Aligned:
    """Bring the earlier picture onto the later one and compare."""
    height, width = earlier.gray.shape
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (width, height)
    picture = cv2.warpPerspective(earlier.colour, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    free = cv2.warpPerspective(earlier.free.astype(np.uint8) * 255, matrix, size, flags=flags) == 255
    valid = later.free & free
    some = np.s_[::2, ::2]
    light = measure_light(picture[some], later.colour[some], valid[some])
    if not valid[some].any():
        return _Aligned(picture, valid, light, np.inf, 0.0)
    ours, theirs = light.apply(picture[some][valid[some]]), later.colour[some][valid[some]].astype(np.float32)
    contrast = np.abs(theirs - theirs.mean(0)).mean(0)
    clearest = int(contrast.argmax())
    misfit = float(np.abs(ours - theirs).mean(0)[clearest])
    return _Aligned(picture, valid, light, misfit, float(contrast[clearest]))


def _residual(target: Gray, warped: Pixels, valid: Mask, settings: FlowSettings) -> FloatMap:
    """Smooth flow (h, w, 2) from ``target`` to ``warped``, fitted to corners on ``valid``."""
    width = 2 * settings.halo + 1
    trusted = cv2.erode(valid.astype(np.uint8), np.ones((width, width), np.uint8), borderValue=1) > 0
    source = cv2.cvtColor(warped, cv2.COLOR_RGB2GRAY)
    start, end = tracked(target, source, trusted, trusted, settings.corners)
    count = np.zeros(valid.shape, np.float32)
    flow = np.zeros((*valid.shape, 2), np.float32)
    x, y = np.rint(start).astype(np.intp).T
    count[y, x] = 1
    flow[y, x] = end - start
    return _fitted(flow, count, settings)


def _fitted(flow: FloatMap, count: FloatMap, settings: FlowSettings) -> FloatMap:
    """A smooth field (h, w, 2) through the ``flow`` of scattered corners; ``count`` (h, w) is 1 on a corner, else 0."""
    height, width = count.shape
    size = (max(4, width // settings.cell), max(4, height // settings.cell))
    area = count.size / (size[0] * size[1])
    weight = cv2.resize(count, size, interpolation=cv2.INTER_AREA) * area
    nodes = cv2.resize(flow, size, interpolation=cv2.INTER_AREA) * area / np.maximum(weight, 1e-6)[..., None]
    field = np.zeros_like(nodes)
    for reach in settings.reaches:
        left = nodes - field
        trust = weight / (1 + (np.linalg.norm(left, axis=2) / settings.outlier) ** 2)
        field += _affine(left, trust.astype(np.float32), reach * max(size), settings.stiffness)
    return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _affine(flow: FloatMap, weight: FloatMap, reach: float, stiffness: float) -> FloatMap:
    """At every node, the value there of the affine map that fits ``flow`` (h, w, 2) best in a Gaussian around it."""
    height, width = weight.shape
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(reach)
    base = np.stack([np.ones_like(x), x, y], 2)
    products = weight[..., None, None] * base[..., :, None] * np.concatenate([base, flow], 2)[..., None, :]
    size = 2 * int(3 * reach) + 1
    flat = products.reshape(height, width, 15)
    sums = np.concatenate([_blurred(flat[..., i : i + 3], size, reach) for i in range(0, 15, 3)], 2)
    sums = sums.reshape(height, width, 3, 5) * np.float32(2 * np.pi * reach**2)
    centre = np.zeros((height, width, 3, 3), np.float32)  # moves the base's origin to the node
    centre[..., [0, 1, 2], [0, 1, 2]] = 1
    centre[..., 1, 0], centre[..., 2, 0] = -x, -y
    normal = centre @ sums[..., :3] @ np.swapaxes(centre, -1, -2) + stiffness * np.diag([0.1, 1, 1])
    return np.asarray(np.linalg.solve(normal, centre @ sums[..., 3:])[..., 0, :], np.float32)


def _blurred(values: FloatMap, size: int, reach: float) -> FloatMap:
    """Gaussian means (h, w, C); nothing lies outside the picture."""
    return np.asarray(cv2.GaussianBlur(values, (size, size), reach, borderType=cv2.BORDER_CONSTANT), np.float32)


def sample(field: FloatMap | Pixels, points: Points, scale: float = 1.0) -> FloatMap:
    """Bilinear values (N, C) of a field or picture (h, w, C) at ``points`` (N, 2), in pixels of 1/scale its size."""
    if not len(points):
        return np.zeros((0, field.shape[2]), np.float32)
    row = 1024  # OpenCV takes no map longer than 32767 pixels
    padded = np.zeros((-(-len(points) // row) * row, 2), np.float32)
    padded[: len(points)] = (points + 0.5) * scale - 0.5
    values = cv2.remap(field, padded.reshape(-1, row, 2), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values.reshape(-1, field.shape[2])[: len(points)], np.float32)
