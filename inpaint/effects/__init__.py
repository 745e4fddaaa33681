"""Effects on the objects of a video and on all else: two layers, each with one of a table of effects."""

from inpaint.effects.base import Effect, Layer, Moment, Target
from inpaint.effects.choosing import PARAMETERS, chosen_effects, effects_of, find_effect
from inpaint.effects.layers import with_effects
from inpaint.effects.table import EFFECTS, EffectSpec

__all__ = [
    "EFFECTS",
    "PARAMETERS",
    "Effect",
    "EffectSpec",
    "Layer",
    "Moment",
    "Target",
    "chosen_effects",
    "effects_of",
    "find_effect",
    "with_effects",
]
