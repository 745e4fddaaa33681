"""What the protocols on videos have in common: the data set that was asked for, its sequences, and tables of groups."""

from collections.abc import Callable, Mapping, Sequence

from plugin.evaluate import Request
from plugin.evaluate.contenders import Contender, trackers
from plugin.evaluate.report import Table
from tam_core.errors import RequestError
from tam_core.evaluate.clicks import STARTS
from tam_core.evaluate.groups import Interval, Place, interval, read_groups
from tam_core.evaluate.layouts import DataSet, find_data_set
from tam_core.evaluate.sequences import Sequence as VideoSequence


def asked_for(request: Request) -> tuple[DataSet, list[str]]:
    """The data set and the names of the sequences that were asked for. Raises RequestError."""
    data = find_data_set(request.data)
    for name in request.scenes:
        if name not in data.names:
            shown = ", ".join(data.names[:12]) + (" ..." if len(data.names) > 12 else "")
            raise RequestError(f"no sequence is named {name[:64]!r} in {request.data}; there are: {shown}")
    return data, list(request.scenes or data.names)


def loader(data: DataSet) -> Callable[[str], VideoSequence]:
    """Reads sequences by name; the last one is kept, for it is asked for again and again."""
    latest: dict[str, VideoSequence] = {}

    def load(name: str) -> VideoSequence:
        if name not in latest:
            latest.clear()
            latest[name] = data.load(name)
        return latest[name]

    return load


def trackers_for(request: Request) -> list[Contender]:
    """The trackers that were asked for, with segmenters where objects are not begun with masks. Raises TamErrors."""
    if request.start not in STARTS:
        raise RequestError(f"--start {request.start!r}: an object is begun with one of {', '.join(STARTS)}")
    return trackers(request.engines, None if request.start == "mask" else request.segmenter, request.device)


def said_of(request: Request, contenders: Sequence[Contender], count: int, what: str) -> dict[str, str]:
    """What was measured with what."""
    engines = {one.name: "; ".join(f"{role} {weights}" for role, weights in one.weights.items()) for one in contenders}
    return {"data": f"{request.data}, {count} {what}", **engines}


def group_tables(request: Request, values: Mapping[str, Mapping[Place, float]], measure: str) -> list[Table]:
    """A table for each column of the file of groups: the mean of each engine with its confidence interval."""
    if request.groups is None:
        return []
    groups = read_groups(request.groups)
    tables = []
    for column in groups.columns:
        split = {engine: groups.split(column, found) for engine, found in values.items()}
        names = sorted({group for found in split.values() for group in found})
        rows = [[name, *(shown(interval(found.get(name, {}))) for found in split.values())] for name in names]
        note = f"Mean {measure} with the 95 % confidence interval (bootstrap over sequences), and how many objects."
        tables.append(Table(f"{measure} by {column}", [column, *split], rows, note))
    return tables


def shown(one: Interval) -> str:
    """ "0.774 [0.713, 0.829] n=10"."""
    if not one.count:
        return "-"
    between = "" if one.low != one.low else f" [{one.low:.3f}, {one.high:.3f}]"
    return f"{one.mean:.3f}{between} n={one.count}"


def number(value: float, digits: int = 3) -> str:
    """A cell; "-" where nothing is known."""
    return "-" if value != value else f"{value:.{digits}f}"
