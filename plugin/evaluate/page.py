"""A report as one HTML file that needs nothing else: tables, charts as SVG, pictures in the text."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from plugin.evaluate.chart import Chart, svg

__all__ = ["Chart", "Picture", "Table", "page"]


@dataclass(frozen=True)
class Table:
    """Cells as they are shown. The first column names the row."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A JPEG and what is to be seen on it."""

    caption: str
    jpeg: bytes = field(repr=False)


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #1c2430;
  background: #fff }
h1 { font-size: 1.6em } h2 { font-size: 1.15em; margin: 2em 0 .5em }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25em .8em; text-align: right; border-bottom: 1px solid #d8dde4 }
th:first-child, td:first-child { text-align: left }
dt { font-weight: 600; float: left; clear: left; min-width: 9em } dd { margin-left: 10em; overflow-wrap: anywhere }
.scroll { overflow-x: auto } .note { color: #5a6675 }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 1em }
figure { margin: 0 } figure img { width: 100%; display: block } figcaption { font-size: .9em; color: #5a6675 }
svg { max-width: 100%; height: auto }
"""


def page(
    title: str,
    settings: Mapping[str, str],
    tables: Sequence[Table],
    charts: Sequence[Chart],
    pictures: Sequence[Picture],
) -> str:
    """The whole file."""
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in settings.items())
    parts = [f"<h1>{escape(title)}</h1><dl>{facts}</dl>"]
    parts += [_table(table) for table in tables]
    parts += [f"<h2>{escape(chart.title)}</h2>{svg(chart)}" for chart in charts]
    if pictures:
        said = "Red: what was found. Yellow: the edge of what is true."
        shown = "".join(map(_figure, pictures))
        parts.append(f'<h2>Worst cases</h2><p class="note">{said}</p><div class="pictures">{shown}</div>')
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head>\n<body>{body}</body></html>\n'


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    whole = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<h2>{escape(table.title)}</h2><div class="scroll">{whole}</div>{note}'


def _figure(picture: Picture) -> str:
    source = f"data:image/jpeg;base64,{b64encode(picture.jpeg).decode()}"
    caption = escape(picture.caption)
    return f'<figure><img src="{source}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'
