"""``tam effect``: an effect on the objects and one on all else."""

from pathlib import Path
from typing import Annotated

import typer

from plugin.cli.options import (
    AcrossCuts,
    Boxes,
    Clicks,
    Device,
    Engine,
    Input,
    MaskFiles,
    Nots,
    Output,
    ProjectFolder,
    SegmenterName,
    Start,
    Stop,
    Texts,
)


def _list_and_exit(asked: bool) -> None:
    if asked:
        from plugin.effecting import effects_in_words

        typer.echo(effects_in_words())
        raise typer.Exit


def effect(
    source: Input,
    output: Output,
    object_: Annotated[
        str, typer.Option("--object", metavar="NAME[:VARIANT]", help="What happens to the objects: glow, blur:12 ...")
    ] = "original",
    background: Annotated[
        str, typer.Option("--background", metavar="NAME[:VARIANT]", help="What happens to all else; see --list.")
    ] = "original",
    click: Clicks = [],
    not_: Nots = [],
    box: Boxes = [],
    mask: MaskFiles = [],
    text: Texts = [],
    masks: Annotated[
        Path | None, typer.Option("--masks", metavar="DIR|FILE.json", help="Masks of 'tam track', or your own.")
    ] = None,
    feather: Annotated[
        float, typer.Option("--feather", min=0, max=32, metavar="PX", help="Softness of the objects' edge.")
    ] = 1.5,
    soft: Annotated[bool, typer.Option("--soft", help="Find the objects' soft edge: hair, motion blur.")] = False,
    inpainter: Annotated[
        str, typer.Option("--inpainter", metavar="NAME", help="What fills an erased object.")
    ] = "auto",
    codec: Annotated[str | None, typer.Option("--codec", metavar="NAME", help="h264, ffv1, prores, png ...")] = None,
    engine: Engine = "auto",
    segmenter: SegmenterName = "auto",
    start: Start = 0,
    stop: Stop = None,
    device: Device = "auto",
    across_cuts: AcrossCuts = "ask",
    project: ProjectFolder = None,
    list_: Annotated[
        bool, typer.Option("--list", is_eager=True, callback=_list_and_exit, help="Name all effects, and stop.")
    ] = False,
) -> None:
    """Put an effect on objects, and another on all else.

    After a name stands a variant, or a value: blur:heavy, blur:12, overlay:#ff8800, text:HELLO,
    glow:colour=red,radius=40. With --background cutout OUT is transparent where it can be (.mov, .mkv, a folder).
    """
    del list_
    from plugin import effecting
    from plugin.arguments import PromptArguments
    from plugin.finding import Asked, Choice

    prompts = PromptArguments(click, not_, box, mask, text)
    choice = Choice(engine, segmenter, device, start, stop, inpainter, across_cuts)
    wish = effecting.Wish(object_, background, feather, soft)
    typer.echo(effecting.effect(Asked(source, prompts, masks, choice, project), output, wish, codec))
