"""Settings as a person types them: ``NAME=VALUE`` for anything that describes its own as parameters, and memory."""

import math
from collections.abc import Sequence

from tam_core.errors import RequestError
from tam_core.registry import Parameter, Value

_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

LEAST_MEMORY = 0.5
"""GB; the program itself takes most of that."""


def check_memory(memory: float | None) -> None:
    """Raises RequestError for a budget, in GB, that no work can keep to; None: the usual one."""
    if memory is not None and not LEAST_MEMORY <= memory < math.inf:
        raise RequestError(f"a memory budget of {memory:g} GB: it has to be a number, at least {LEAST_MEMORY} GB")


def settings_from(words: Sequence[str], parameters: Sequence[Parameter], of: str) -> dict[str, Value]:
    """``NAME=VALUE`` words by the names of parameters; their ranges are not checked. Raises RequestError."""
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, Value] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in known:
            raise RequestError(f"{of} has no setting {word!r}; there are: {', '.join(known) or 'none'}")
        values[name] = _parsed(known[name], text)
    return values


def _parsed(parameter: Parameter, text: str) -> Value:
    """A word as the type of the parameter; what is none of it is left to the check that follows."""
    if parameter.type == "bool":
        return _TRUTHS.get(text.lower(), text)
    if parameter.type not in ("int", "float"):
        return text
    try:
        return int(text) if parameter.type == "int" else float(text)
    except ValueError:
        return text
