"""The one table of effects. To add one: a dataclass in a file beside this one, and a row here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inpaint.effects.base import Effect, Layer, Original
from inpaint.effects.colours import Desaturate, Grade, Gradient, Overlay
from inpaint.effects.emoji import OURS
from inpaint.effects.lettering import Emoji, Label, Poster
from inpaint.effects.lines import Glow, Lines, Outline, Sticker
from inpaint.effects.noise import Noise
from inpaint.effects.shapes import Burst, Pointer, Spotlight
from inpaint.effects.softening import Blur, Pixelate
from inpaint.effects.taking import Plain, Remove, Transparent

BOTH: tuple[Layer, ...] = ("object", "background")
OBJECT: tuple[Layer, ...] = ("object",)
BACKGROUND: tuple[Layer, ...] = ("background",)


@dataclass(frozen=True)
class EffectSpec:
    """One row. A name stands for one row on a layer; on the two layers it may stand for two.

    ``variants``: names for settings of the effect's fields; the first is what the name alone means. ``main``: the field
    that ``NAME:VALUE`` sets, "" = none.
    """

    name: str
    title: str
    summary: str
    layers: tuple[Layer, ...]
    effect: type[Effect]
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"plain": {}})
    main: str = ""

    def made(self, variant: str | None = None) -> Effect:
        """The effect with the settings of a variant; None: of the first."""
        return self.effect(**self.variants[variant or next(iter(self.variants))])


_GRADES: Mapping[str, Mapping[str, Any]] = {
    "warm": {"warmth": 0.9, "contrast": 1.1, "saturation": 1.1},
    "cool": {"warmth": -0.9, "contrast": 1.1},
    "teal-orange": {"shadows": "#0a6f80", "lights": "#ff9a3c", "split": 0.3, "contrast": 1.2, "saturation": 1.15},
    "vivid": {"saturation": 1.6, "contrast": 1.25},
    "faded": {"saturation": 0.7, "contrast": 0.72, "warmth": 0.25, "exposure": 0.15},
    "bleach": {"saturation": 0.35, "contrast": 1.6},
    "dim": {"exposure": -1.5},
    "bright": {"exposure": 0.8},
    "night": {"exposure": -1.7, "warmth": -1.0, "saturation": 0.6, "contrast": 1.2, "shadows": "#1030a0", "split": 0.3},
}

_BLOCKS: Mapping[str, Mapping[str, Any]] = {
    "blocks": {},
    "fine": {"size": 9},
    "coarse": {"size": 34},
    "lamps": {"size": 12, "dots": True},
}

EFFECTS = (
    EffectSpec("original", "Original", "the layer stays as it is", BOTH, Original),
    EffectSpec(
        "erase",
        "Erase",
        "the object is removed and what is behind it filled in, as by tam remove",
        OBJECT,
        Remove,
        {"auto": {}, "wide": {"grow": 10}},
        main="inpainter",
    ),
    EffectSpec(
        "erase",
        "Erase",
        "nothing but a colour",
        BACKGROUND,
        Plain,
        {name: {"colour": name} for name in ("white", "black")}
        | {"green": {"colour": "#00b140"}, "blue": {"colour": "#0047bb"}, "grey": {"colour": "#7a7f87"}},
        main="colour",
    ),
    EffectSpec(
        "cutout",
        "Cut-out",
        "the object as a sticker, with a rim of paper and a shadow",
        OBJECT,
        Sticker,
        {"paper": {}, "thin": {"width": 4, "drop": 4}, "bold": {"width": 14, "drop": 12}, "black": {"colour": "black"}},
        main="colour",
    ),
    EffectSpec(
        "cutout",
        "Cut-out",
        "transparent in files that can be, else a colour to key",
        BACKGROUND,
        Transparent,
        {"green": {}, "blue": {"colour": "#0047bb"}, "black": {"colour": "black"}, "white": {"colour": "white"}},
        main="colour",
    ),
    EffectSpec(
        "blur",
        "Blur",
        "out of focus",
        BOTH,
        Blur,
        {
            "soft": {},
            "light": {"radius": 7},
            "heavy": {"radius": 36},
            "lens": {"radius": 12, "kind": "lens"},
            "motion": {"radius": 24, "kind": "motion"},
        },
        main="radius",
    ),
    EffectSpec(
        "pixelate",
        "Pixelate",
        "blocks, each in its mean colour; censor hides the outline too",
        OBJECT,
        Pixelate,
        {**_BLOCKS, "censor": {"size": 28, "whole": True}},
        main="size",
    ),
    EffectSpec("pixelate", "Pixelate", "blocks, each in its mean colour", BACKGROUND, Pixelate, _BLOCKS, main="size"),
    EffectSpec(
        "desaturate",
        "Desaturate",
        "colour taken out, or toned",
        BOTH,
        Desaturate,
        {
            "grey": {},
            "half": {"amount": 0.6},
            "noir": {"contrast": 1.8},
            "sepia": {"dark": "#1c0f06", "light": "#ffedd0", "contrast": 1.5},
            "blueprint": {"dark": "#061433", "light": "#dff0ff", "contrast": 1.4},
        },
        main="amount",
    ),
    EffectSpec(
        "gradient",
        "Gradient",
        "a run of colours under the picture's light and shade",
        BOTH,
        Gradient,
        {
            "sunset": {},
            "ocean": {"top": "#43cea2", "bottom": "#185a9d"},
            "berry": {"top": "#c471f5", "bottom": "#fa71cd"},
            "mint": {"top": "#d4fc79", "bottom": "#3fb6a8"},
            "aurora": {"top": "#00c9ff", "bottom": "#92fe9d", "sideways": True},
            "studio": {"top": "#3a4250", "bottom": "#aeb7c2", "keep": 0.0},
            "sky": {"top": "#3f7fd6", "bottom": "#dceafc", "keep": 0.0},
        },
        main="top",
    ),
    EffectSpec(
        "overlay",
        "Overlay",
        "a sheet of colour with a rim",
        BOTH,
        Overlay,
        {
            "blue": {},
            "orange": {"colour": "#ff8800"},
            "green": {"colour": "#21c55d"},
            "pink": {"colour": "#ff3d9a"},
            "solid": {"colour": "#ffffff", "amount": 1.0, "rim": 0.0},
            "stripes": {"colour": "#ffd23f", "amount": 0.75, "stripes": 12.0},
        },
        main="colour",
    ),
    EffectSpec(
        "grade",
        "Colour grade",
        "exposure, contrast, saturation, white balance, split toning",
        BOTH,
        Grade,
        _GRADES,
        main="exposure",
    ),
    EffectSpec(
        "noise",
        "Noise",
        "grain, static, a hologram, a glitch",
        BOTH,
        Noise,
        {
            "grain": {},
            "static": {"kind": "static", "amount": 0.75},
            "hologram": {"kind": "hologram", "amount": 0.9},
            "glitch": {"kind": "glitch", "amount": 0.6},
        },
        main="amount",
    ),
    EffectSpec(
        "outline",
        "Outline",
        "a line around the object",
        OBJECT,
        Outline,
        {
            "white": {},
            "yellow": {"colour": "#ffd400"},
            "comic": {"colour": "#ffffff", "second": "#15151c", "width": 5},
            "ants": {"dash": 10, "width": 3},
            "halo": {"colour": "#4df3ff", "gap": 8, "width": 3},
        },
        main="colour",
    ),
    EffectSpec(
        "outline",
        "Outline",
        "the picture redrawn in lines",
        BACKGROUND,
        Lines,
        {
            "ink": {},
            "chalk": {"ink": "#eef2f0", "paper": "#26332d"},
            "blueprint": {"ink": "#eaf4ff", "paper": "#1d4e9e"},
            "neon": {"ink": "", "paper": "#07070d", "strength": 40.0},
        },
        main="strength",
    ),
    EffectSpec(
        "glow",
        "Glow",
        "light around the object",
        OBJECT,
        Glow,
        {
            "gold": {},
            "cyan": {"colour": "#38d9ff"},
            "pink": {"colour": "#ff4fb3"},
            "wide": {"colour": "#ffffff", "radius": 70},
            "pulse": {"colour": "#6dff8b", "pulse": 1.2},
        },
        main="colour",
    ),
    EffectSpec(
        "spotlight",
        "Spotlight",
        "all but the object is darkened",
        OBJECT,
        Spotlight,
        {
            "stage": {},
            "tight": {"spread": 0.9, "soft": 0.25, "shade": 0.85},
            "gentle": {"spread": 1.6, "soft": 0.9, "shade": 0.5},
            "cut": {"shape": "object", "shade": 0.7},
            "scope": {"shape": "scope", "shade": 0.9, "spread": 1.15, "soft": 0.0},
        },
        main="shade",
    ),
    EffectSpec(
        "burst",
        "Burst",
        "rays from behind the object",
        OBJECT,
        Burst,
        {
            "sun": {},
            "white": {"colour": "#ffffff", "amount": 0.5},
            "halo": {"rays": 24, "reach": 1.6, "amount": 0.85},
            "comic": {"ragged": True, "colour": "#101014", "amount": 0.95},
            "speed": {"ragged": True, "colour": "#ffffff", "amount": 0.85, "rays": 24},
        },
        main="colour",
    ),
    EffectSpec(
        "arrow",
        "Arrow",
        "what points the object out: an arrow, a ring, corners",
        OBJECT,
        Pointer,
        {
            "yellow": {},
            "red": {"colour": "#ff2d2d"},
            "ring": {"kind": "ring"},
            "corners": {"kind": "corners", "colour": "#ffffff"},
        },
        main="colour",
    ),
    EffectSpec(
        "text",
        "Text",
        "a label that follows the object",
        OBJECT,
        Label,
        {
            "label": {},
            "plate": {"colour": "#101014", "rim": "", "plate": "#ffd400"},
            "dark": {"rim": "", "plate": "#16181d"},
            "on": {"place": "on"},
        },
        main="text",
    ),
    EffectSpec(
        "text",
        "Text",
        "words behind the object",
        BACKGROUND,
        Poster,
        {
            "poster": {},
            "red": {"colour": "#ff2e3f"},
            "paper": {"colour": "#ffffff", "paper": "#ff4f2e", "amount": 1.0},
            "rows": {"rows": 6, "amount": 0.85},
        },
        main="text",
    ),
    EffectSpec(
        "emoji",
        "Emoji",
        "a face or a sign that follows the object",
        OBJECT,
        Emoji,
        {name: {"shape": name} for name in OURS}
        | {"cover": {"place": "cover"}, "crown": {"shape": "crown", "place": "above"}},
        main="shape",
    ),
)
