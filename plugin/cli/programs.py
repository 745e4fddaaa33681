"""``tam demo``, ``serve``, ``pack`` and ``doctor``: the program itself, and the hosts."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from plugin.cli.options import Device


def demo(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where the results go.")] = Path(
        "tam-demo"
    ),
) -> None:
    """Track and remove the object in the bundled sample, and measure both against the truth."""
    from plugin.demo import run

    for line in run(output):
        typer.echo(line)


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


def pack(
    host: Annotated[str, typer.Argument(metavar="blender|obs", help="The program to make it for.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where the archive goes.")] = Path(),
) -> None:
    """Write the add-on for Blender or the script for OBS, to be installed there."""
    from plugin.pack import pack as run

    typer.echo(run(host, output))


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
