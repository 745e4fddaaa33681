"""``tam annotate``: a folder of videos becomes a data set of masklets."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from plugin.cli.options import Device, Engine, SegmenterName


def annotate(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The videos, or folders of pictures, to annotate.")],
    annotator: Annotated[
        str | None, typer.Option("--annotator", metavar="NAME", help="Who annotates; your name on this machine.")
    ] = None,
    mode: Annotated[
        int,
        typer.Option("--mode", min=1, max=3, metavar="1|2|3", help="1: every frame, 2: mask propagation, 3: full."),
    ] = 3,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where the state is kept; FOLDER/.tam-annotate.")
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="Show the queue, and end.")] = False,
    statistics: Annotated[bool, typer.Option("--statistics", help="Show the numbers of it all, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The statistics for programs.")] = False,
    propose: Annotated[bool, typer.Option("--propose", help="Find automatic masklets in new videos, and end.")] = False,
    points: Annotated[
        int, typer.Option("--points", min=1, max=64, metavar="N", help="Of the grid that --propose clicks on, a side.")
    ] = 12,
    export: Annotated[
        str | None, typer.Option("--export", metavar="sav|coco|ytvos|train", help="Write a data set to -o, and end.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where it goes.")] = None,
    unverified: Annotated[bool, typer.Option("--unverified", help="Also what nobody has verified yet.")] = False,
    engine: Engine = "auto",
    segmenter: SegmenterName = "auto",
    device: Device = "auto",
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, metavar="N", help="7411, or any that is free.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
) -> None:
    """Annotate a folder of videos in the page, with a queue, verification and several annotators.

    All of it is kept in FOLDER/.tam-annotate, from which several people may work at once, each with a name and a
    program of their own. What is satisfactory is written by --export: "train" is what tam train --data reads.
    """
    from plugin.annotate import command

    name = annotator or getpass.getuser()
    asked = command.Annotating(folder, data, name, mode, engine, segmenter, device)
    if show_list:
        lines = command.show_queue(asked)
    elif statistics or as_json:
        lines = command.show_statistics(asked, as_json)
    elif export is not None:
        lines = command.export(asked, export, output, unverified)
    elif propose:
        lines = command.propose(asked, points)
    else:
        return command.serve(asked, host, port, bool(sys.stdin and sys.stdin.isatty()) and not no_browser)
    for line in lines:
        typer.echo(line)
    return None
