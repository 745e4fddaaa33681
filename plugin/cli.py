"""The ``tam`` command: what can be asked for, and how failures are said. The work is in ``plugin/commands.py``."""

import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from tam_core.errors import RequestError, TamError

app = typer.Typer(
    name="tam",
    help="Click on something in a video, follow it through every frame, and remove it.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
engines_app = typer.Typer(help="List the engines, and fetch those that need a download.", rich_markup_mode=None)
app.add_typer(engines_app, name="engines")

_BAD_ARGUMENT: Any = typer.BadParameter.__base__  # click's UsageError, of which Typer carries a private copy

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
Start = Annotated[int, typer.Option("--start", min=0, metavar="N", help="First frame to work on.")]
Stop = Annotated[int | None, typer.Option("--stop", min=1, metavar="N", help="Frame before which to stop.")]
AcrossCuts = Annotated[
    str, typer.Option("--across-cuts", metavar="ask|auto|stop", help="Whether to follow objects into other shots.")
]
ProjectFolder = Annotated[
    Path | None, typer.Option("--project", metavar="NAME.tam", help="Go on with a project, or begin one.")
]
Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda|mps", help="Where the networks run.")]


@app.callback()
def _options(debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")] = False) -> None:
    if debug:
        os.environ["TAM_DEBUG"] = "1"


@app.command()
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

    prompts = PromptArguments(click, not_, box, mask, text)
    choice = commands.Choice(engine, segmenter, device, start, stop, across_cuts=across_cuts)
    typer.echo(commands.track(source, output, prompts, choice, project, form))


@app.command()
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
    grow: Annotated[int, typer.Option("--grow", min=0, metavar="PX", help="Enlarge the masks before removal.")] = 4,
    inpainter: Annotated[str, typer.Option("--inpainter", metavar="NAME", help="What fills the hole.")] = "auto",
    codec: Annotated[str | None, typer.Option("--codec", metavar="NAME", help="h264, ffv1, prores, png ...")] = None,
    engine: Engine = "auto",
    segmenter: SegmenterName = "auto",
    start: Start = 0,
    stop: Stop = None,
    device: Device = "auto",
    across_cuts: AcrossCuts = "ask",
    project: ProjectFolder = None,
) -> None:
    """Remove objects from a video, given by prompts, masks or a project. OUT is a video file or a folder of PNGs."""
    from plugin import commands
    from plugin.arguments import PromptArguments

    prompts = PromptArguments(click, not_, box, mask, text)
    choice = commands.Choice(engine, segmenter, device, start, stop, inpainter, across_cuts)
    typer.echo(commands.remove(source, output, prompts, masks, choice, grow, codec, project))


@app.command()
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
        int | None, typer.Option("--grow", min=0, metavar="PX", help="Enlarge the masks; 4 to remove, 0 for a matte.")
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
    from plugin.commands import Choice
    from plugin.timeline import check_installed

    check_installed()
    from plugin.timeline.edit import Wish, edit_timeline

    prompts = PromptArguments(click, not_, box, mask, text)
    choice = Choice(engine, segmenter, device, inpainter=inpainter, across_cuts=across_cuts)
    wish = Wish(clip, edit, handles, whole, grow, codec)
    typer.echo(edit_timeline(source, output, wish, prompts, masks, choice, project))


@app.command()
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


@app.command()
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


@app.command()
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where the results go.")] = Path(
        "tam-demo"
    ),
) -> None:
    """Track and remove the object in the bundled sample, and measure both against the truth."""
    from plugin.demo import run

    for line in run(output):
        typer.echo(line)


@app.command()
def serve(
    paths: Annotated[
        list[Path], typer.Argument(metavar="[PATH]...", help="What to work on: the first video or project is opened.")
    ] = [],
    opened: Annotated[
        list[Path], typer.Option("--open", metavar="DIR", help="A folder that the worker may read and write in.")
    ] = [],
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, metavar="N", help="7411, or any that is free.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where projects and uploads are kept.")
    ] = None,
    device: Device = "auto",
    upload_limit: Annotated[
        float, typer.Option("--upload-limit", min=0, metavar="GB", help="The largest file that a browser may send.")
    ] = 20,
    memory: Annotated[
        float | None,
        typer.Option("--memory", min=0.5, metavar="GB", help="Let go of engines that nobody uses beyond this."),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
) -> None:
    """Run the worker, and open its page in a browser.

    It may use the folders given, those of the videos given, or else the current folder. Without a terminal, as when
    another program starts it, it opens neither a browser nor the current folder.
    """
    from plugin.serve import Service
    from plugin.serve import serve as run

    person = sys.stdin is not None and sys.stdin.isatty()
    folders = [Path.cwd()] if person and not (paths or opened) else opened
    run(Service(folders, paths, host, port, data, device, round(upload_limit * 1e9), person and not no_browser, memory))


@app.command()
def pack(
    host: Annotated[str, typer.Argument(metavar="blender|obs", help="The program to make it for.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where the archive goes.")] = Path(),
) -> None:
    """Write the add-on for Blender or the script for OBS, to be installed there."""
    from plugin.pack import pack as run

    typer.echo(run(host, output))


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs: a list of findings.")] = False,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="The worker's folder.")] = None,
    device: Device = "auto",
) -> None:
    """Look at worker, engines, hosts, codecs, GPU and disks, and say what to do. Exit code 1: there is a problem."""
    from plugin.doctor.examine import examine
    from plugin.doctor.report import report

    if not report(examine(data, device), as_json):
        raise typer.Exit(1)


@engines_app.callback(invoke_without_command=True)
def engines(context: typer.Context) -> None:
    """List the engines: role, licence, download size, ready or not."""
    if context.invoked_subcommand is None:
        from plugin.engine_list import print_engines

        print_engines()


@engines_app.command()
def fetch(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Download an engine's weights; an interrupted download goes on where it stopped."""
    from plugin.engine_list import fetch_engine

    typer.echo(fetch_engine(name))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run ``tam``. Exit code 0: the output is complete; 2: bad arguments; 1: a failure; 130: cancelled."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that temporary files are cleared away
    warnings.showwarning = lambda message, *_, **__: print(f"tam: warning: {message}", file=sys.stderr)
    try:
        sys.exit(app(args=arguments, prog_name="tam", standalone_mode=False) or 0)
    except _BAD_ARGUMENT as error:
        _fail(f"{error.format_message()} (see 'tam --help')", 2)
    except RequestError as error:
        _fail(str(error), 2)
    except TamError as error:
        _fail(str(error), 1)
    except (KeyboardInterrupt, typer.Abort):
        _fail("cancelled; no result was written", 130)
    except Exception as error:  # the last line of defence: a person gets a sentence, a developer --debug
        _fail(f"{type(error).__name__}: {error}. This is a fault of tam-studio; see 'tam --debug ...'", 1)


def _fail(message: str, code: int) -> NoReturn:
    if os.environ.get("TAM_DEBUG"):
        raise
    print("tam: error: " + " ".join(message.split()), file=sys.stderr)
    sys.exit(code)
