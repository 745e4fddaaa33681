"""``tam forecast``: what a removal will be like, before it is begun."""

from pathlib import Path
from typing import Annotated

import typer

from plugin.cli.options import (
    AcrossCuts,
    Boxes,
    Clicks,
    Device,
    Engine,
    Growth,
    Input,
    MaskFiles,
    Nots,
    ProjectFolder,
    SegmenterName,
    Start,
    Stop,
    Texts,
)


def forecast(
    source: Input,
    click: Clicks = [],
    not_: Nots = [],
    box: Boxes = [],
    mask: MaskFiles = [],
    text: Texts = [],
    masks: Annotated[
        Path | None, typer.Option("--masks", metavar="DIR|FILE.json", help="Masks of 'tam track', or your own.")
    ] = None,
    grow: Growth = -1,
    inpainter: Annotated[str, typer.Option("--inpainter", metavar="NAME", help="What will fill the hole.")] = "auto",
    json_: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    engine: Engine = "auto",
    segmenter: SegmenterName = "auto",
    start: Start = 0,
    stop: Stop = None,
    device: Device = "auto",
    across_cuts: AcrossCuts = "ask",
    project: ProjectFolder = None,
    memory: Annotated[float | None, typer.Option("--memory", metavar="GB", help="What the removal may take.")] = None,
) -> None:
    """Say how much of the hole other frames show, which frames are worst, and what a removal takes."""
    from plugin import forecasting
    from plugin.arguments import PromptArguments
    from plugin.finding import Asked, Choice

    prompts = PromptArguments(click, not_, box, mask, text)
    choice = Choice(engine, segmenter, device, start, stop, inpainter, across_cuts)
    typer.echo(forecasting.forecast(Asked(source, prompts, masks, choice, project), grow, memory, as_json=json_))
