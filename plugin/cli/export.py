"""``tam export``: masks from one format to another, and to layers for compositing."""

from pathlib import Path
from typing import Annotated

import typer

from plugin.cli.options import Input, Start, Stop


def _list_and_exit(asked: bool) -> None:
    if asked:
        from plugin.exporting import formats_in_words

        typer.echo(formats_in_words())
        raise typer.Exit


def export(
    source: Input,
    form: Annotated[str, typer.Option("--format", metavar="NAME", help="What to write; see --list.")],
    masks: Annotated[
        Path | None,
        typer.Option("--masks", metavar="PATH", help="Masks of 'tam track', a data set's, or a matte video."),
    ] = None,
    project: Annotated[
        Path | None, typer.Option("--project", metavar="NAME.tam", help="The objects of a project instead.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="OUT", help="Where it goes; beside INPUT otherwise.")
    ] = None,
    soft: Annotated[
        bool | None, typer.Option("--soft/--hard", help="Soft edges found in the picture, or masks as they are.")
    ] = None,
    object_: Annotated[
        list[int], typer.Option("--object", metavar="N", help="Only this object; may be repeated.")
    ] = [],
    settings: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="A setting of the format; see --list.")
    ] = [],
    start: Start = 0,
    stop: Stop = None,
    list_: Annotated[
        bool, typer.Option("--list", is_eager=True, callback=_list_and_exit, help="Name all formats, and stop.")
    ] = False,
) -> None:
    """Write masks in another format: data sets' JSON, mattes, cut-out layers with alpha, OpenEXR, Cryptomatte."""
    del list_
    from plugin import exporting
    from plugin.finding import Asked, Choice

    values = exporting.parameters_from(form, settings, soft)
    asked = Asked(source, masks=masks, choice=Choice(start=start, stop=stop), project=project)
    typer.echo(exporting.export(asked, output, form, object_, values))
