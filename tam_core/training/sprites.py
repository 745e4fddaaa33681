"""Cut-out pictures that can be pasted: made from a photograph and a mask, recoloured, lit, turned into a shadow.

Colours are premultiplied by the opacity: warping, shrinking and motion blur then stay right at the soft edge.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from tam_core.training.library import Labels
from tam_core.types import FloatMap, Pixels


@dataclass(frozen=True)
class Sprite:
    """``rgba`` (h, w, 4) uint8, premultiplied, in the size it has in the scene at scale 1."""

    rgba: Pixels = field(repr=False)

    @property
    def extent(self) -> float:
        """Its diagonal in pixels: however it turns, it reaches no farther."""
        return float(np.hypot(*self.rgba.shape[:2]))


def sprite_of(rgb: Pixels, alpha: Labels, height: float, widest: float) -> Sprite:
    """The cut-out ``rgb`` (h, w, 3) with ``alpha`` (h, w), ``height`` pixels tall and at most ``widest`` wide.

    Half a pixel of the source is lost all around, for it shows the old background there.
    """
    soft = cv2.GaussianBlur(alpha, (0, 0), 0.8).astype(np.float32)
    soft = np.clip((soft - 100) * (255 / 155), 0, 255)
    rgba = np.dstack([rgb * (soft / 255)[..., None], soft]).astype(np.uint8)
    scale = min(height / alpha.shape[0], widest / alpha.shape[1])
    size = max(round(alpha.shape[1] * scale), 3), max(round(alpha.shape[0] * scale), 3)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return Sprite(cv2.resize(rgba, size, interpolation=how))


def mirrored(sprite: Sprite) -> Sprite:
    """Left and right swapped."""
    return Sprite(np.ascontiguousarray(sprite.rgba[:, ::-1]))


def recoloured(sprite: Sprite, gain: FloatMap, offset: FloatMap) -> Sprite:
    """Each channel times ``gain`` (3,) plus ``offset`` (3,), in 0..255."""
    alpha = sprite.rgba[..., 3:].astype(np.float32)
    rgb = np.clip(sprite.rgba[..., :3] * gain + offset * (alpha / 255), 0, alpha)
    return Sprite(np.concatenate([rgb.astype(np.uint8), sprite.rgba[..., 3:]], axis=2))


def tinted(sprite: Sprite, rng: np.random.Generator, strength: float) -> Sprite:
    """A little brighter or darker and of another tone; ``strength`` 0.2 is plain to see."""
    gain = 1 + rng.uniform(-strength, strength) + rng.uniform(-strength, strength, 3) / 2
    offset = rng.uniform(-60, 60, 3) * strength
    return recoloured(sprite, gain.astype(np.float32), offset.astype(np.float32))


def lit_like(sprite: Sprite, surroundings: Pixels, strength: float) -> Sprite:
    """Mean and contrast of each channel drawn by ``strength`` (0..1) to those of ``surroundings`` (H, W, 3).

    Without it, a difference of light along the edge gives the answer away.
    """
    inside = (sprite.rgba[..., 3] > 200).astype(np.uint8)
    mean, spread = (values[:3, 0] for values in cv2.meanStdDev(sprite.rgba, mask=inside))
    wanted_mean, wanted_spread = (values[:, 0] for values in cv2.meanStdDev(surroundings))
    gain = np.clip(1 + strength * ((wanted_spread + 8) / (spread + 8) - 1), 0.5, 1.6)
    offset = mean + strength * (wanted_mean - mean) - gain * mean
    return recoloured(sprite, gain.astype(np.float32), offset.astype(np.float32))


def shadow_of(sprite: Sprite, darkness: float) -> Sprite:
    """What the sprite keeps from the light: black and soft, ``darkness`` (0..1) opaque."""
    margin = max(4, max(sprite.rgba.shape[:2]) // 10)
    alpha = cv2.copyMakeBorder(sprite.rgba[..., 3], margin, margin, margin, margin, cv2.BORDER_CONSTANT)
    rgba = np.zeros((*alpha.shape, 4), np.uint8)
    rgba[..., 3] = cv2.blur(alpha, (margin, margin)) * darkness
    return Sprite(rgba)
