"""Make what was drawn look as if the camera had filmed it: its light and tones, its sharpness."""

from dataclasses import replace

import numpy as np

from inpaint.light import Light
from inpaint.replacing.linear import to_display, to_light
from inpaint.replacing.render import Layer
from inpaint.replacing.sharpness import edge_blur
from tam_core.types import FloatMap

SOFTEST = 6.0
"""Pixels of blur that are added at most: what is softer was measured wrongly."""

RIM = 0.9
"""Blur in pixels of an edge as sharp as pixels can show it, where a drawn layer has none to measure."""


def lit(layer: Layer, light: Light) -> Layer:
    """The layer in another light. Its alpha stays."""
    alpha = np.maximum(layer.alpha, 1e-4)[..., None]
    levels = light.apply(to_display(np.asarray(layer.light / alpha, np.float32)) * 255)
    return replace(layer, light=to_light(np.asarray(levels.clip(0, 255) / 255, np.float32)) * layer.alpha[..., None])


def levels_on_grey(layer: Layer) -> FloatMap:
    """The layer over a middle grey, (h, w) in levels of 255."""
    light = layer.light.mean(2) + (1 - layer.alpha) * 0.2
    return to_display(np.asarray(light, np.float32)) * np.float32(255)


def own_blur(layer: Layer) -> float:
    """How soft the edges of a layer are by themselves, in pixels."""
    found = edge_blur(levels_on_grey(layer), layer.alpha > 0.02)
    return RIM if found is None else found


def extra_blur(own: float | None, wanted: float | None) -> float:
    """What has to be added to edges ``own`` pixels soft for them to be ``wanted``; 0 where either is not known."""
    if own is None or wanted is None:
        return 0.0
    return float(min(np.sqrt(max(wanted**2 - own**2, 0)), SOFTEST))
