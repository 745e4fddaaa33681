"""``tam engines`` and ``tam engines fetch``."""

from typing import Annotated

import typer

app = typer.Typer(help="List the engines, and fetch those that need a download.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def engines(context: typer.Context) -> None:
    """List the engines: role, licence, download size, ready or not."""
    if context.invoked_subcommand is None:
        from plugin.engine_list import print_engines

        print_engines()


@app.command()
def fetch(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Download an engine's weights; an interrupted download goes on where it stopped."""
    from plugin.engine_list import fetch_engine

    typer.echo(fetch_engine(name))
