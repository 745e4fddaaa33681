"""``tam evaluate``: how good the engines are, on data whose answers are known."""

from pathlib import Path
from typing import Annotated

import typer

from plugin.cli.options import Device, SegmenterName


def evaluate(
    protocol: Annotated[
        str,
        typer.Argument(
            metavar="PROTOCOL", help="vos, pvs-offline, pvs-online, clicks, robustness, removal or completion."
        ),
    ],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="The folder that is measured on.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="The report, and all figures; goes on where it stopped."),
    ] = None,
    engine: Annotated[
        list[str], typer.Option("--engine", "--inpainter", metavar="NAME", help="What is measured; may be repeated.")
    ] = [],
    scene: Annotated[
        list[str], typer.Option("--scene", "--sequence", metavar="NAME", help="Only this; may be repeated.")
    ] = [],
    listed: Annotated[
        Path | None, typer.Option("--list", metavar="FILE.txt", help="Only those named in a file, one a line.")
    ] = None,
    size: Annotated[list[str], typer.Option("--size", metavar="WxH", help="Size of the pictures, for removal.")] = [],
    start: Annotated[
        str, typer.Option("--start", metavar="mask|box|1|3|5", help="What an object is begun with; numbers are clicks.")
    ] = "mask",
    segmenter: SegmenterName = "auto",
    groups: Annotated[
        Path | None,
        typer.Option("--groups", metavar="FILE.csv", help="Columns sequence, perhaps object, and any to group by."),
    ] = None,
    sweep: Annotated[
        list[str], typer.Option("--sweep", metavar="memory|input|skip", help="For robustness; may be repeated.")
    ] = [],
    masks: Annotated[bool, typer.Option("--masks", help="Keep the masks, as servers of data sets take them.")] = False,
    device: Device = "auto",
) -> None:
    """Measure engines by a protocol of the field, beside simpler methods and published results."""
    from plugin.evaluate import Request, find_protocol, parse_size, read_names

    scenes = (*scene, *(read_names(listed) if listed else ()))
    sizes = tuple(map(parse_size, size))
    request = Request(data, output, tuple(engine), scenes, sizes, device, segmenter, start, groups, tuple(sweep), masks)
    try:
        typer.echo(find_protocol(protocol).run(request))
    except KeyboardInterrupt:
        kept = (
            f"what was measured is in {output}, and the same command goes on" if output else "give -o to keep results"
        )
        typer.echo(f"\ntam: stopped; {kept}", err=True)
        raise typer.Exit(130) from None
