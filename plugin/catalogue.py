"""What the program can do, as menus and panels show it: one list, made of the tables. It does none of it."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from inpaint.effects import PARAMETERS as EFFECTS
from inpaint.engines import INPAINTERS
from inpaint.fillers.published import VIDEO
from inpaint.generate import PARAMETERS as WORDS
from inpaint.holes import BY_SIZE
from inpaint.replace import BACKGROUND_PARAMETERS
from inpaint.replace import PARAMETERS as PLACING
from plugin.exports import EXPORTS
from plugin.link import wire
from tam_core.engines import ENGINES
from tam_core.errors import EngineNotReadyError, RequestError
from tam_core.registry import EngineSpec, Parameter, Registry, Role, Value

TRACK = (
    Parameter("direction", "choice", "both", "which way from your prompts", choices=("forward", "backward", "both")),
    Parameter(
        "across_cuts",
        "choice",
        "ask",
        "objects in other shots: propose where they are, follow them where that is sure, or stop at cuts",
        choices=("ask", "auto", "stop"),
    ),
)
_GROW = Parameter("grow", "int", BY_SIZE, "enlarge the masks; -1: as suits the picture, 4 to 18", "px", BY_SIZE, 64)
_MEMORY = Parameter("memory", "float", 0.0, "what it may take; 0: half of the machine's", "GB", 0, 4096)
REMOVE = (
    _GROW,
    Parameter("feather", "int", 2, "fade over so many of the outermost pixels", "px", 0, 16),
    Parameter("shadow", "bool", False, "the shadows that move with the objects go too"),
    _MEMORY,
)
REPLACE = (
    Parameter("insert", "text", "", "what takes the objects' place: a picture, a clip or a folder of them", file=True),
    *PLACING,
    _GROW,
    _MEMORY,
)
REPLACE_WORDS = WORDS
REPLACE_BACKGROUND = tuple(replace(one, file=one.name == "background") for one in BACKGROUND_PARAMETERS)
EFFECT = (*EFFECTS, Parameter("soft", "bool", False, "find the objects' soft edge: hair, motion blur"))


@dataclass(frozen=True)
class Operation:
    """A row: what can be done with objects. ``fills``: it takes an inpainter, and its parameters beside its own."""

    name: str
    title: str
    summary: str
    parameters: tuple[Parameter, ...]
    fills: bool = False


OPERATIONS = (
    Operation("track", "Track", "carries objects through the video", TRACK),
    Operation("remove", "Remove", "takes objects away", REMOVE, fills=True),
    Operation(
        "replace",
        "Replace",
        "puts a picture or a clip in the objects' place, moving and lit as they were",
        REPLACE,
        fills=True,
    ),
    Operation(
        "replace-words",
        "Replace in words",
        "paints what you describe in the objects' place; needs a diffusion model",
        REPLACE_WORDS,
    ),
    Operation(
        "replace-background",
        "Replace background",
        "puts a picture, a clip or a colour behind the objects",
        REPLACE_BACKGROUND,
    ),
    Operation("effect", "Effect", "puts an effect on the objects, and another on all else", EFFECT),
)


def catalogue(device: str = "auto") -> wire.Catalogue:
    """All of it, with what "auto" stands for on the device now."""
    entries = [
        *map(_engine, ENGINES),
        *map(_engine, INPAINTERS),
        *_operations(),
        *_exports(),
    ]
    return wire.Catalogue(entries, _defaults(device))


def settled(parameters: Sequence[Parameter], given: Mapping[str, Value], of: str) -> dict[str, Value]:
    """The values to work with: the given ones, checked, and the defaults. Raises RequestError. ``of`` says of what."""
    names = [parameter.name for parameter in parameters]
    for name in given:
        if name not in names:
            raise RequestError(f"{of} has no parameter {name[:64]!r}; there are: {', '.join(names) or 'none'}")
    return {one.name: _checked(one, given[one.name], of) if one.name in given else one.default for one in parameters}


def _checked(parameter: Parameter, value: Value, of: str) -> Value:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    low = -math.inf if parameter.low is None else parameter.low
    high = math.inf if parameter.high is None else parameter.high
    fits = {
        "int": number and isinstance(value, int) and low <= value <= high,
        "float": number and isinstance(value, int | float) and low <= value <= high and abs(value) < math.inf,
        "bool": isinstance(value, bool),
        "choice": value in parameter.choices,
        "text": isinstance(value, str),
    }[parameter.type]
    if fits:
        return float(value) if parameter.type == "float" else value
    wanted = {
        "choice": f"one of {', '.join(parameter.choices)}",
        "int": f"a whole number, {low:g} to {high:g} {parameter.unit}",
        "float": f"a number, {low:g} to {high:g} {parameter.unit}",
    }.get(parameter.type, f"a {parameter.type}")
    raise RequestError(f"{parameter.name} of {of} is {str(value)[:64]!r}: it has to be {wanted}".rstrip())


def _engine(row: EngineSpec) -> wire.Entry:
    return wire.Entry(
        name=row.name,
        kind=row.role,
        title=row.name,
        summary=row.summary,
        licence=row.licence,
        paper=row.paper,
        ready=row.ready,
        problem=_problem(row),
        download=row.size,
        parameters=_described(row.parameters),
    )


def _problem(row: EngineSpec) -> str:
    try:
        row.check_ready()
    except EngineNotReadyError as error:
        return str(error)
    return ""


def _operations() -> Iterator[wire.Entry]:
    for row in OPERATIONS:
        problem = _problem_of_words() if row.name == "replace-words" else ""
        yield wire.Entry(
            row.name,
            "operation",
            row.title,
            row.summary,
            ready=not problem,
            problem=problem,
            parameters=_described(row.parameters),
            fills=row.fills,
        )


def _problem_of_words() -> str:
    """Why nothing can be painted in words now; a request may name a model of its own all the same."""
    row = INPAINTERS.get("diffusion", "inpainter")
    return "" if not row.missing_packages and VIDEO.find() else _problem(row)


def _exports() -> Iterator[wire.Entry]:
    for row in EXPORTS:
        yield wire.Entry(
            row.name,
            "export",
            row.title,
            row.summary,
            takes=row.takes,
            suffix=row.suffix,
            parameters=_described(row.parameters),
        )


def _described(parameters: Iterable[Parameter]) -> list[wire.Parameter]:
    return [wire.Parameter(**{**asdict(one), "choices": list(one.choices)}) for one in parameters]


def _defaults(device: str) -> dict[str, str]:
    tables: list[tuple[Registry, Role]] = [
        (ENGINES, "tracker"),
        (ENGINES, "segmenter"),
        (ENGINES, "text"),
        (INPAINTERS, "inpainter"),
    ]
    found: dict[str, str] = {}
    for table, role in tables:
        if any(row.ready for row in table if row.role == role):
            found[role] = table.get("auto", role, device).name
    return found
