"""Curves as SVG, without a plotting library: axes, a line with dots for each engine, and who is who."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 170, 14, 48
_COLOURS = ("#0b6bcb", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#be185d", "#0e7490", "#475569")
_DASHES = ("", "7 4", "2 4")
_TICKS = 6
MIDDLE = 'text-anchor="middle"'

Point = tuple[float, float]
Placer = Callable[[Point], Point]


@dataclass(frozen=True)
class Chart:
    """Curves by name. ``labels`` stand for the places 0, 1 ... across where these are no numbers: dots alone then."""

    title: str
    across: str
    up: str
    curves: Mapping[str, Sequence[Point]]
    labels: Sequence[str] = ()

    @property
    def points(self) -> list[Point]:
        """Those that are known, of all curves."""
        return [point for curve in self.curves.values() for point in curve if math.isfinite(point[1])]

    @property
    def drawable(self) -> bool:
        return bool(self.points)


def svg(chart: Chart) -> str:
    """The chart, which has to be drawable, as an element of a page."""
    points = chart.points
    across = (-0.4, len(chart.labels) - 0.6) if chart.labels else _span([x for x, _ in points], tight=True)
    up = _span([y for _, y in points], tight=False)

    def place(point: Point) -> Point:
        x = _LEFT + (point[0] - across[0]) / (across[1] - across[0]) * (WIDTH - _LEFT - _RIGHT)
        y = HEIGHT - _BOTTOM - (point[1] - up[0]) / (up[1] - up[0]) * (HEIGHT - _TOP - _BOTTOM)
        return round(x, 1), round(y, 1)

    parts = [*_grid(chart, across, up, place)]
    for number, (name, curve) in enumerate(chart.curves.items()):
        parts += _curve(number, name, [place(point) for point in curve if math.isfinite(point[1])], bool(chart.labels))
    head = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="{escape(chart.title)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {head} font-family="sans-serif" font-size="12">{"".join(parts)}</svg>'
    )


def _grid(chart: Chart, across: Point, up: Point, place: Placer) -> list[str]:
    parts = []
    for value in ticks(*up):
        _, y = place((across[0], value))
        parts.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#d8dde4"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value:g}</text>')
    marks = dict(enumerate(chart.labels)) if chart.labels else {value: f"{value:g}" for value in ticks(*across)}
    for value, label in marks.items():
        x, _ = place((value, up[0]))
        where = f'x="{x}" y="{HEIGHT - _BOTTOM + 16}"'
        turned = f'text-anchor="end" transform="rotate(-20 {x} {HEIGHT - _BOTTOM + 16})"'
        parts.append(f"<text {where} {turned if chart.labels else MIDDLE}>{escape(label)}</text>")
    middle = (_LEFT + WIDTH - _RIGHT) // 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(chart.across)}</text>')
    parts.append(
        f'<text transform="translate(14 {HEIGHT // 2}) rotate(-90)" text-anchor="middle">{escape(chart.up)}</text>'
    )
    return parts


def _curve(number: int, name: str, points: Sequence[Point], dotted: bool) -> list[str]:
    colour = _COLOURS[number % len(_COLOURS)]
    dash = _DASHES[number // len(_COLOURS) % len(_DASHES)]
    line = " ".join(f"{x},{y}" for x, y in points)
    style = f'fill="none" stroke="{colour}" stroke-width="2"' + (f' stroke-dasharray="{dash}"' if dash else "")
    dots = [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points]
    x, y = WIDTH - _RIGHT + 14, _TOP + 14 + 18 * number
    key = f'<line x1="{x}" x2="{x + 18}" y1="{y - 4}" y2="{y - 4}" {style}/>'
    lines = [] if dotted else [f'<polyline points="{line}" {style}/>']
    return [*lines, *dots, key, f'<text x="{x + 24}" y="{y}">{escape(name)}</text>']


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between two, about six of them."""
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(count * step, 10) for count in range(first, math.floor(high / step + 1e-9) + 1)]


def _span(values: Sequence[float], tight: bool) -> Point:
    """What an axis shows: the values, and without ``tight`` a little more."""
    low, high = min(values), max(values)
    if low == high:
        return low - 0.5, high + 0.5
    margin = 0.0 if tight else 0.06 * (high - low)
    return low - margin, high + margin
