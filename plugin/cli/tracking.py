"""``tam track``, ``replay`` and ``train``: what makes masks, and what makes better ones."""

import sys
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


def track(
    source: Input,
    output: Output,
    click: Clicks = [],
    not_: Nots = [],
    box: Boxes = [],
    mask: MaskFiles = [],
    text: Texts = [],
    engine: Engine = "auto",
    segmenter: SegmenterName = "auto",
    start: Start = 0,
    stop: Stop = None,
    device: Device = "auto",
    across_cuts: AcrossCuts = "ask",
    project: ProjectFolder = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="davis, matte, json, preview, cutout; by OUT's ending."),
    ] = None,
) -> None:
    """Follow objects through a video.

    OUT is a folder (indexed PNG masks, DAVIS style), a .json file (masklets), or a video (a preview with the objects
    tinted); or a folder of black and white mattes (--format matte), or a .mov of the objects alone, with alpha
    (--format cutout). With a project that has prompts already, none need be given: what was prompted since is tracked.
    """
    from plugin import commands
    from plugin.arguments import PromptArguments
    from plugin.finding import Asked, Choice

    prompts = PromptArguments(click, not_, box, mask, text)
    choice = Choice(engine, segmenter, device, start, stop, across_cuts=across_cuts)
    typer.echo(commands.track(Asked(source, prompts, choice=choice, project=project), output, form))


def replay(
    project: Annotated[Path, typer.Argument(metavar="PROJECT", help="A project, NAME.tam.")],
    engine: Annotated[str, typer.Option("--engine", metavar="NAME", help="The tracker; see 'tam engines'.")],
    segmenter: Annotated[
        str | None, typer.Option("--segmenter", metavar="NAME", help="What turns clicks into a mask; as it was.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="OUT.tam", help="The new project; NAME-ENGINE.tam.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Do again all that was done in a project, with another engine, into a new project."""
    from plugin.replay import replay as run

    for line in run(project, engine, segmenter, output, device):
        typer.echo(line)


def train(
    data: Annotated[Path, typer.Option("--data", metavar="FOLDER", help="What to learn from.")],
    output: Output,
    recipe: Annotated[str | None, typer.Option("--recipe", metavar="NAME", help="Train a network of ours.")] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="ENGINE", help="Teach an engine more.")] = None,
    steps: Annotated[int | None, typer.Option("--steps", min=1, metavar="N", help="Stop after so many steps.")] = None,
    device: Device = "auto",
) -> None:
    """Train our own network by its recipe, or teach a downloaded one more on videos and masklets of yours.

    OUT is a folder: weights, a log (log.csv) and a checkpoint. Ctrl-C stops; the same command goes on.
    """
    from plugin import train

    ending = train.train(recipe, start, data, output, steps, device)
    if ending.stopped:
        print(f"tam: {ending.line}", file=sys.stderr)
        raise typer.Exit(130)
    typer.echo(ending.line)
