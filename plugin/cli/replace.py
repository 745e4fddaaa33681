"""``tam replace``: something else in the objects' place, or behind them."""

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


def replace(
    source: Input,
    output: Output,
    with_: Annotated[
        Path | None, typer.Option("--with", metavar="IMAGE|CLIP", help="What takes the objects' place; alpha is kept.")
    ] = None,
    prompt: Annotated[
        str | None, typer.Option("--prompt", metavar="TEXT", help="What to paint there, by a diffusion model.")
    ] = None,
    background: Annotated[
        str | None,
        typer.Option("--background", metavar="IMAGE|CLIP|COLOUR", help="What goes behind the objects: #20a040, teal."),
    ] = None,
    click: Clicks = [],
    not_: Nots = [],
    box: Boxes = [],
    mask: MaskFiles = [],
    text: Texts = [],
    masks: Annotated[
        Path | None, typer.Option("--masks", metavar="DIR|FILE.json", help="Masks of 'tam track', or your own.")
    ] = None,
    motion: Annotated[
        str, typer.Option("--motion", metavar="auto|similarity|affine|homography", help="How it may deform.")
    ] = "auto",
    anchor: Annotated[
        int, typer.Option("--anchor", metavar="FRAME", help="Where it fits the object's box; -1: where most is seen.")
    ] = -1,
    fit: Annotated[
        str | None, typer.Option("--fit", metavar="contain|cover|stretch|height", help="How it goes into that box.")
    ] = None,
    scale: Annotated[float, typer.Option("--scale", metavar="X", help="Times the size that fits.")] = 1.0,
    offset: Annotated[str, typer.Option("--offset", metavar="DX,DY", help="Pixels to the right and down.")] = "0,0",
    repeat: Annotated[
        str, typer.Option("--repeat", metavar="loop|hold", help="What a clip does that is shorter than the shot.")
    ] = "loop",
    light: Annotated[
        float | None,
        typer.Option(
            "--light", metavar="0..1", help="0: not lit as the shot. With --background: how far it lights the objects."
        ),
    ] = None,
    tone: Annotated[
        float, typer.Option("--tone", metavar="0..1", help="How far its black and white become the shot's.")
    ] = 0.5,
    grain: Annotated[bool, typer.Option("--grain/--no-grain", help="Give it the shot's grain.")] = True,
    motion_blur: Annotated[bool, typer.Option("--motion-blur/--no-motion-blur", help="Blur it by its motion.")] = True,
    shutter: Annotated[
        float, typer.Option("--shutter", metavar="DEGREES", help="How long a frame is exposed; -1: measured.")
    ] = -1.0,
    sharpness: Annotated[
        bool, typer.Option("--sharpness/--no-sharpness", help="No sharper than the object was.")
    ] = True,
    shadow: Annotated[
        float, typer.Option("--shadow", metavar="0..1", help="Darkness of a contact shadow under it.")
    ] = 0.0,
    occlusion: Annotated[
        bool, typer.Option("--occlusion/--no-occlusion", help="What hides the object hides it too.")
    ] = True,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the grain, or of what is painted.")] = 0,
    model: Annotated[
        str, typer.Option("--model", metavar="HUB/ID|FOLDER", help="The diffusion model for --prompt.")
    ] = "auto",
    grow: Annotated[
        int | None, typer.Option("--grow", min=0, metavar="PX", help="Enlarge the masks before removal.")
    ] = None,
    inpainter: Annotated[str, typer.Option("--inpainter", metavar="NAME", help="What fills the hole.")] = "auto",
    codec: Annotated[str | None, typer.Option("--codec", metavar="NAME", help="h264, ffv1, prores, png ...")] = None,
    engine: Engine = "auto",
    segmenter: SegmenterName = "auto",
    start: Start = 0,
    stop: Stop = None,
    device: Device = "auto",
    across_cuts: AcrossCuts = "ask",
    project: ProjectFolder = None,
    receipt: Annotated[
        Path | None, typer.Option("--receipt", metavar="FILE.json", help="Compare OUT with the source, and say how.")
    ] = None,
    memory: Annotated[
        float | None,
        typer.Option("--memory", metavar="GB", help="What it may take; half of the machine's if not said."),
    ] = None,
) -> None:
    """Put something else in the place of objects, or behind them: a picture, a clip, a colour, or what words say.

    It moves, turns and grows as the object does, in the shot's light, grain and blur, behind what hides the object.
    """
    from plugin import replacing
    from plugin.arguments import PromptArguments
    from plugin.finding import Asked, Choice

    prompts = PromptArguments(click, not_, box, mask, text)
    choice = Choice(engine, segmenter, device, start, stop, inpainter, across_cuts)
    look = replacing.Look(light, tone, grain, motion_blur, shutter, sharpness, shadow, occlusion, seed)
    placing = replacing.Placing(motion, anchor, fit, scale, offset, repeat)
    wish = replacing.Wish(with_, prompt, background, placing, look, model, grow, receipt, memory)
    typer.echo(replacing.replace(Asked(source, prompts, masks, choice, project), output, wish, codec))
