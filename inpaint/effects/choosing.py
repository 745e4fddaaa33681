"""``NAME[:VARIANT]`` and ``NAME:VALUE``, as people type them -> an effect, with all of it checked."""

import dataclasses
import difflib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from inpaint.effects.base import Effect, Layer
from inpaint.effects.blend import colour_of
from inpaint.effects.emoji import emoji
from inpaint.effects.stamps import font_for
from inpaint.effects.table import EFFECTS, EffectSpec
from inpaint.engines import INPAINTERS
from tam_core.errors import RequestError
from tam_core.registry import Parameter, Value

_COLOURS = frozenset({"colour", "dark", "light", "top", "bottom", "shadows", "lights"})
_COLOURS_OR_NOTHING = frozenset({"rim", "plate", "second", "ink", "paper"})
"""Fields of effects that are colours; those of the second kind may be empty."""

_RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("amount", "shade", "keep", "split"), (0, 1)),
    **dict.fromkeys(("warmth", "tint"), (-1, 1)),
    **dict.fromkeys(("speed", "turn"), (-math.inf, math.inf)),
    "exposure": (-10, 10),
    "grow": (-1, math.inf),
    "rays": (1, 1000),
    "rows": (0, 100),
    "reach": (0.01, math.inf),
}
"""Fields whose numbers have other bounds than 0 and more."""

_ANY_HEIGHT = 16
"""Of letters, in pixels, where it is only asked whether there are such."""


def effects_of(layer: Layer) -> list[EffectSpec]:
    """The rows that a layer can have, in the order of the table."""
    return [row for row in EFFECTS if layer in row.layers]


def find_effect(text: str, layer: Layer) -> Effect:
    """``blur``, ``blur:heavy``, ``blur:12``, ``blur:radius=12,kind=lens``, ``text:HELLO`` -> the effect.

    After the colon stands a variant, a value for the row's main field, or FIELD=VALUE with commas between; a variant
    may stand before those: ``overlay:stripes,colour=red``. Raises RequestError.
    """
    name, colon, given = text.partition(":")
    row = _row(name.strip(), layer)
    if not colon or not given.strip():
        return row.made()
    if given.strip() in row.variants:
        return row.made(given.strip())
    variant, settings = _split(row, given)
    known = dict(row.variants[variant]) if variant else {}
    hints = get_type_hints(row.effect)
    for key, value in settings.items():
        known[key] = _value(row, key, value, hints[key])
    return row.effect(**known)


def _row(name: str, layer: Layer) -> EffectSpec:
    rows = {row.name: row for row in effects_of(layer)}
    if name in rows:
        return rows[name]
    if any(row.name == name for row in EFFECTS):
        other = "background" if layer == "object" else "object"
        raise RequestError(f"'{name}' is an effect of the {other}: --{other} {name}; the {layer} has {', '.join(rows)}")
    raise RequestError(
        f"no effect of the {layer} is named {name[:64]!r}: {_hint(name, rows)}there are: {', '.join(rows)}"
    )


def _split(row: EffectSpec, given: str) -> tuple[str | None, dict[str, str]]:
    """A variant if one is named, and the fields that are set."""
    names = [field.name for field in dataclasses.fields(row.effect)]  # type: ignore[arg-type]
    pieces = re.split(rf",(?=\s*(?:{'|'.join(names)})\s*=)", given) if names else [given]
    settings, variant = {}, None
    for piece in pieces:
        key, equals, value = piece.partition("=")
        if equals and key.strip() in names:
            settings[key.strip()] = value.strip()
        elif piece.strip() in row.variants:
            variant = piece.strip()
        elif equals and re.fullmatch(r"\s*\w+\s*", key) and row.main != "text":
            raise RequestError(
                f"{row.name} has no field '{key.strip()}': {_hint(key.strip(), names)}it has {', '.join(names)}"
            )
        elif row.main:
            settings[row.main] = piece
        else:
            raise RequestError(f"{row.name} has no variants and takes no value; give '{row.name}' alone")
    return variant, settings


def _value(row: EffectSpec, key: str, text: str, hint: Any) -> Any:
    """A field's value from its text. Raises RequestError, which names the variants where a variant may be meant."""
    if key == "text":
        _check_letters(text)
    try:
        return _parsed(key, text, hint)
    except ValueError as error:
        if key != row.main:
            raise RequestError(f"{row.name}: {key} is {text!r}: {error}") from None
        guess = _hint(text.strip(), row.variants)
        raise RequestError(
            f"{row.name} has no variant {text.strip()[:64]!r}: {guess}there are: {', '.join(row.variants)}; "
            f"or give its {key}: {error}"
        ) from None


def _check_letters(text: str) -> None:
    """Raises RequestError for a word that no font can draw."""
    for word in text.split():
        font_for(word, _ANY_HEIGHT)


def _parsed(key: str, text: str, hint: Any) -> Any:
    if get_origin(hint) is Literal:
        if text.strip() not in get_args(hint):
            raise ValueError(f"one of {', '.join(get_args(hint))}")
        return text.strip()
    if hint is bool:
        if text.strip().lower() not in ("yes", "no", "true", "false", "1", "0"):
            raise ValueError("yes or no")
        return text.strip().lower() in ("yes", "true", "1")
    if hint in (int, float):
        return _number(text, hint, *_RANGES.get(key, (0, math.inf)))
    if key in _COLOURS or (key in _COLOURS_OR_NOTHING and text.strip()):
        colour_of(text.strip())
        return text.strip()
    if key == "shape":
        emoji(text)
    if key == "inpainter":
        INPAINTERS.get(text.strip(), "inpainter")
    return text


def _number(text: str, kind: type[int] | type[float], low: float, high: float) -> float:
    wanted = "a whole number" if kind is int else "a number"
    signed = r"[+-]?"
    if not re.fullmatch(signed + (r"\d{1,4}" if kind is int else r"\d{1,4}(\.\d{1,6})?|\.\d{1,6}"), text.strip()):
        raise ValueError(wanted)
    if not low <= kind(text) <= high:
        raise ValueError(f"{wanted}, {low:g} to {high:g}" if high < math.inf else f"{wanted}, at least {low:g}")
    return kind(text)


def _hint(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'? " if close else ""


def _choices(layer: Layer) -> tuple[str, ...]:
    """Every row and variant: ``blur``, ``blur:light`` ..."""
    return tuple(
        row.name if index == 0 else f"{row.name}:{variant}"
        for row in effects_of(layer)
        for index, variant in enumerate(row.variants)
    )


PARAMETERS = (
    Parameter("object", "choice", "original", "what happens to the objects", choices=_choices("object")),
    Parameter("background", "choice", "original", "what happens to all else", choices=_choices("background")),
    Parameter("object_value", "text", "", "the object effect's own value: 12, #ff8800, a text, or FIELD=VALUE,..."),
    Parameter("background_value", "text", "", "the background effect's own value, in the same words"),
    Parameter("feather", "float", 1.5, "softness of the edge between the two", "px", 0, 32),
)
"""What menus and panels offer; ``chosen_effects`` takes the values."""


def chosen_effects(values: Mapping[str, Value]) -> tuple[Effect, Effect]:
    """The object's and the background's effect from values of PARAMETERS. Raises RequestError."""
    return _chosen(values, "object"), _chosen(values, "background")


def _chosen(values: Mapping[str, Value], layer: Layer) -> Effect:
    name, _, variant = str(values.get(layer, "original")).partition(":")
    own = str(values.get(f"{layer}_value", ""))
    if not own.strip():
        return find_effect(f"{name}:{variant}" if variant else name, layer)
    row = _row(name, layer)
    if not variant:
        return find_effect(f"{name}:{own}", layer)
    hints, (_, settings) = get_type_hints(row.effect), _split(row, own)
    parsed = {key: _value(row, key, value, hints[key]) for key, value in settings.items()}
    return row.effect(**{**row.variants[variant], **parsed})
