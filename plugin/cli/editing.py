"""``tam remove`` and ``tam timeline``: what makes new pictures."""

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
    Output,
    ProjectFolder,
    SegmenterName,
    Start,
    Stop,
    Texts,
)


def remove(
    source: Input,
    output: Output,
    click: Clicks = [],
    not_: Nots = [],
    box: Boxes = [],
    mask: MaskFiles = [],
    text: Texts = [],
    masks: Annotated[
        Path | None, typer.Option("--masks", metavar="DIR|FILE.json", help="Masks of 'tam track', or your own.")
    ] = None,
    grow: Growth = -1,
    inpainter: Annotated[str, typer.Option("--inpainter", metavar="NAME", help="What fills the hole.")] = "auto",
    codec: Annotated[str | None, typer.Option("--codec", metavar="NAME", help="h264, ffv1, prores, png ...")] = None,
    engine: Engine = "auto",
    segmenter: SegmenterName = "auto",
    start: Start = 0,
    stop: Stop = None,
    device: Device = "auto",
    across_cuts: AcrossCuts = "ask",
    project: ProjectFolder = None,
    patch: Annotated[
        list[str],
        typer.Option("--patch", metavar="FRAME=FILE.png", help="A frame that you painted; carried through the shot."),
    ] = [],
    with_shadow: Annotated[bool, typer.Option("--with-shadow", help="Remove the objects' shadows too.")] = False,
    layer: Annotated[
        bool, typer.Option("--layer", help="OUT is the fill alone, with alpha, to be laid over the source.")
    ] = False,
    provenance: Annotated[
        Path | None, typer.Option("--provenance", metavar="DIR", help="Pictures of where each pixel is from.")
    ] = None,
    receipt: Annotated[
        Path | None, typer.Option("--receipt", metavar="FILE.json", help="Compare OUT with the source, and say how.")
    ] = None,
    memory: Annotated[
        float | None,
        typer.Option("--memory", metavar="GB", help="What it may take; half of the machine's if not said."),
    ] = None,
    setting: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="Of the inpainter: window, match_light, prompt ...")
    ] = [],
) -> None:
    """Remove objects from a video, given by prompts, masks or a project.

    OUT is a video file or a folder of PNGs. With --layer it is ProRes 4444 (.mov), FFV1 (.mkv) or a folder of PNGs with
    the fill alone and its soft matte. FRAME=FILE.png is a frame of the video's size, painted by hand: where it differs
    from the video inside the hole, it shows what is there.
    """
    from plugin import removing
    from plugin.arguments import PromptArguments
    from plugin.finding import Asked, Choice

    prompts = PromptArguments(click, not_, box, mask, text)
    choice = Choice(engine, segmenter, device, start, stop, inpainter, across_cuts)
    extras = removing.Extras(memory, patch, layer, provenance, receipt, with_shadow, setting)
    typer.echo(removing.remove(Asked(source, prompts, masks, choice, project), output, grow, codec, extras=extras))


def timeline(
    source: Annotated[Path, typer.Argument(metavar="IN.otio", help="A timeline that an editor exported.")],
    output: Output,
    click: Clicks = [],
    not_: Nots = [],
    box: Boxes = [],
    mask: MaskFiles = [],
    text: Texts = [],
    clip: Annotated[
        str | None, typer.Option("--clip", metavar="NAME|#N", help="Which clip, by name or number; the only one.")
    ] = None,
    edit: Annotated[str, typer.Option("--edit", metavar="remove|matte", help="Without the objects, or only them.")] = (
        "remove"
    ),
    handles: Annotated[
        int, typer.Option("--handles", min=0, metavar="N", help="Frames before and after those the clip shows.")
    ] = 12,
    whole: Annotated[bool, typer.Option("--whole", help="Edit all of the clip's media.")] = False,
    masks: Annotated[
        Path | None, typer.Option("--masks", metavar="DIR|FILE.json", help="Masks of all of the clip's media.")
    ] = None,
    grow: Annotated[
        int | None,
        typer.Option("--grow", min=0, metavar="PX", help="Enlarge the masks; usually as tam remove, or 0."),
    ] = None,
    inpainter: Annotated[str, typer.Option("--inpainter", metavar="NAME", help="What fills the hole.")] = "auto",
    codec: Annotated[
        str | None, typer.Option("--codec", metavar="NAME", help="prores, or png where the media are pictures.")
    ] = None,
    engine: Engine = "auto",
    segmenter: SegmenterName = "auto",
    device: Device = "auto",
    across_cuts: AcrossCuts = "ask",
    project: ProjectFolder = None,
) -> None:
    """Edit one clip of a timeline: its media is replaced by the result, and nothing else changes.

    OUT.otio is the new timeline; the new media lies beside it. FRAME 0 is the first frame that the clip shows.
    """
    from plugin.arguments import PromptArguments
    from plugin.finding import Asked, Choice
    from plugin.timeline import check_installed

    check_installed()
    from plugin.timeline.edit import Wish, edit_timeline

    prompts = PromptArguments(click, not_, box, mask, text)
    choice = Choice(engine, segmenter, device, inpainter=inpainter, across_cuts=across_cuts)
    wish = Wish(clip, edit, handles, whole, grow, codec)
    typer.echo(edit_timeline(Asked(source, prompts, masks, choice, project), output, wish))
