"""Dataclasses as JSON and back, checked field by field, with the standard library alone."""

import dataclasses
import functools
import json
import types
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class WireError(ValueError):
    """A message that is not what it should be; says where."""


def to_json(message: Any) -> str:
    """Any message of ``wire.py``, or a list of them, as JSON."""
    return json.dumps(_plain(message), separators=(",", ":"))


def from_json(kind: type[T], text: str | bytes) -> T:
    """The message of that kind. Fields that are not known are left out: a newer worker may say more.

    Raises WireError, which names the field.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise WireError(f"not JSON: {error}") from error
    message: T = from_data(kind, data)
    return message


def from_data(kind: Any, data: Any, where: str = "message") -> Any:
    """The same from what ``json.loads`` gave."""
    origin = get_origin(kind)
    if kind is Any:
        return data
    if dataclasses.is_dataclass(kind):
        return _record(kind, data, where)
    if origin is Literal:
        return _checked(data, data in get_args(kind), f"one of {get_args(kind)}", where)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), data, where)
    if origin is list:
        _checked(data, isinstance(data, list), "a list", where)
        return [from_data(get_args(kind)[0], one, f"{where}[{index}]") for index, one in enumerate(data)]
    if origin is tuple:
        _checked(data, isinstance(data, list) and len(data) == len(get_args(kind)), "a list of that length", where)
        return tuple(from_data(one, value, where) for one, value in zip(get_args(kind), data, strict=True))
    if origin is dict:
        _checked(data, isinstance(data, dict), "an object", where)
        return {key: from_data(get_args(kind)[1], value, f"{where}.{key}") for key, value in data.items()}
    return _scalar(kind, data, where)


def _plain(message: Any) -> Any:
    if dataclasses.is_dataclass(message) and not isinstance(message, type):
        return {field.name: _plain(getattr(message, field.name)) for field in dataclasses.fields(message)}
    if isinstance(message, list | tuple):
        return [_plain(one) for one in message]
    if isinstance(message, dict):
        return {key: _plain(value) for key, value in message.items()}
    return message


def _record(kind: Any, data: Any, where: str) -> Any:
    _checked(data, isinstance(data, dict), f"an object ({kind.__name__})", where)
    given = {}
    hints: dict[str, Any] = _hints(kind)
    for field in dataclasses.fields(kind):
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if field.name in data:
            given[field.name] = from_data(hints[field.name], data[field.name], f"{where}.{field.name}")
        elif needed:
            raise WireError(f"{where} has no '{field.name}' ({kind.__name__})")
    return kind(**given)


def _one_of(kinds: tuple[Any, ...], data: Any, where: str) -> Any:
    reasons = []
    for kind in kinds:
        if dataclasses.is_dataclass(kind) and isinstance(data, dict) and "kind" in data:
            if data["kind"] not in _names(kind):
                continue
            return _record(kind, data, where)
        try:
            return from_data(kind, data, where)
        except WireError as error:
            reasons.append(str(error))
    raise WireError(reasons[-1] if reasons else f"{where}: no message of kind {data.get('kind')!r} is known")


def _scalar(kind: Any, data: Any, where: str) -> Any:
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if kind is type(None):
        return _checked(data, data is None, "null", where)
    right = isinstance(data, kind) and not (kind in (int, float) and isinstance(data, bool))
    return _checked(data, right, kind.__name__, where)


def _checked(data: Any, right: bool, wanted: str, where: str) -> Any:
    if not right:
        raise WireError(f"{where} is {str(data)[:60]!r}, not {wanted}")
    return data


def _names(kind: Any) -> tuple[Any, ...]:
    """What the field ``kind`` of such a message may say."""
    return get_args(_hints(kind).get("kind"))


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
