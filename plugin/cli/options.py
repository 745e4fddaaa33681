"""The words that several commands have in common."""

from pathlib import Path
from typing import Annotated

import typer

Input = Annotated[Path, typer.Argument(metavar="INPUT", help="A video file or a folder of images.")]
Output = Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Where the result goes.")]
Clicks = Annotated[list[str], typer.Option("--click", metavar="[OBJ:]X,Y[@FRAME]", help="A point on the object.")]
Nots = Annotated[list[str], typer.Option("--not", metavar="[OBJ:]X,Y[@FRAME]", help="A point that is not on it.")]
Boxes = Annotated[
    list[str], typer.Option("--box", metavar="[OBJ:]X0,Y0,X1,Y1[@FRAME]", help="A rectangle around the object.")
]
MaskFiles = Annotated[
    list[str],
    typer.Option("--mask", metavar="FILE.png[@FRAME]", help="The object itself; every non-zero value is an object."),
]
Texts = Annotated[
    list[str], typer.Option("--text", metavar="[OBJ:]TEXT[@FRAME]", help="The object in words; see 'tam engines'.")
]
Engine = Annotated[str, typer.Option("--engine", metavar="NAME", help="The tracker; see 'tam engines'.")]
SegmenterName = Annotated[str, typer.Option("--segmenter", metavar="NAME", help="What turns clicks into a mask.")]
Growth = Annotated[
    int,
    typer.Option("--grow", min=-1, metavar="PX", help="Enlarge the masks; -1: 4 of 854 across, 9 of 1920."),
]
Start = Annotated[int, typer.Option("--start", min=0, metavar="N", help="First frame to work on.")]
Stop = Annotated[int | None, typer.Option("--stop", min=1, metavar="N", help="Frame before which to stop.")]
AcrossCuts = Annotated[
    str, typer.Option("--across-cuts", metavar="ask|auto|stop", help="Whether to follow objects into other shots.")
]
ProjectFolder = Annotated[
    Path | None, typer.Option("--project", metavar="NAME.tam", help="Go on with a project, or begin one.")
]
Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda|mps", help="Where the networks run.")]
