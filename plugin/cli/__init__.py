"""The ``tam`` command: what can be asked for, and how failures are said. Each file beside this one has some commands.

They describe options and hand them on; importing them loads nothing heavy. The work is elsewhere in ``plugin/``.
"""

import atexit
import gc
import os
import signal
import sys
import warnings
from typing import Annotated, Any, NoReturn

import typer

from plugin.cli import engines
from plugin.cli.annotate import annotate
from plugin.cli.batch import batch
from plugin.cli.editing import remove, timeline
from plugin.cli.effect import effect
from plugin.cli.evaluate import evaluate
from plugin.cli.export import export
from plugin.cli.forecast import forecast
from plugin.cli.programs import demo, doctor, pack, serve
from plugin.cli.replace import replace
from plugin.cli.tracking import replay, track, train
from tam_core.errors import RequestError, TamError

app = typer.Typer(
    name="tam",
    help="Click on something in a video, follow it through every frame, and remove it.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (
    track,
    remove,
    replace,
    forecast,
    effect,
    export,
    timeline,
    replay,
    train,
    demo,
    serve,
    pack,
    doctor,
    evaluate,
    batch,
    annotate,
)

for command in COMMANDS:
    app.command()(command)
app.add_typer(engines.app, name="engines")

SPINS = 20_000
"""How often a thread of PyTorch's looks for work before it sleeps. GNU OpenMP's 300,000 keep a core busy for nothing,
which decoding and writing need: on two cores tracking takes 9 % longer. Read when PyTorch is loaded."""

_CANCELLED = "cancelled; no result was written"
_BAD_ARGUMENT: Any = typer.BadParameter.__base__  # click's UsageError, of which Typer carries a private copy


@app.callback()
def _options(debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")] = False) -> None:
    if debug:
        os.environ["TAM_DEBUG"] = "1"


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run ``tam``. Exit code 0: the output is complete; 2: bad arguments; 1: a failure; 130: cancelled."""
    os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
    atexit.register(gc.freeze)  # else all of PyTorch is searched for garbage at the end, which takes half a second
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that temporary files are cleared away
    warnings.showwarning = lambda message, *_, **__: print(f"tam: warning: {message}", file=sys.stderr)
    try:
        sys.exit(app(args=arguments, prog_name="tam", standalone_mode=False) or 0)
    except _BAD_ARGUMENT as error:
        _fail(f"{error.format_message()} (see 'tam --help')", 2)
    except (KeyboardInterrupt, typer.Abort):
        _fail(_CANCELLED, 130)
    except RequestError as error:
        _fail(str(error), 2)
    except Exception as error:
        if _on_the_way_out(error):
            _fail(_CANCELLED, 130)
        if isinstance(error, TamError):
            _fail(str(error), 1)
        # the last line of defence: a person gets a sentence, a developer --debug
        _fail(f"{type(error).__name__}: {error}. This is a fault of tam-studio; see 'tam --debug ...'", 1)


def _on_the_way_out(error: BaseException | None) -> bool:
    """Whether something went wrong only because of Ctrl-C: an interrupted lock, a pipe that nobody reads any more."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _fail(message: str, code: int) -> NoReturn:
    if os.environ.get("TAM_DEBUG"):
        raise
    print("tam: error: " + " ".join(message.split()), file=sys.stderr)
    sys.exit(code)
