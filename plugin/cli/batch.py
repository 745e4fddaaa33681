"""``tam batch``: many videos, on this machine or on a cluster."""

from typing import Annotated

import typer


def batch(
    manifest: Annotated[str, typer.Argument(metavar="MANIFEST", help="JSON lines or CSV: a row for each clip.")],
    output: Annotated[str, typer.Option("-o", "--output", metavar="DIR", help="Folder or s3://... for the results.")],
    workers: Annotated[int, typer.Option("--workers", min=1, metavar="N", help="Processes of this machine.")] = 1,
    ray: Annotated[
        str | None, typer.Option("--ray", metavar="ADDRESS|local", help="A Ray cluster does it; local: one begun here.")
    ] = None,
    gpu_fraction: Annotated[
        float, typer.Option("--gpu-fraction", min=0.01, max=8, metavar="X", help="Share of a GPU for a 'gpu' row.")
    ] = 1.0,
    span: Annotated[
        int | None, typer.Option("--span", metavar="FRAMES", help="Longer clips are done in spans of so many frames.")
    ] = None,
    overlap: Annotated[int, typer.Option("--overlap", metavar="FRAMES", help="By how much spans overlap.")] = 16,
    alone: Annotated[
        bool, typer.Option("--alone", help="Each span begins by the prompts in it, all at once; ids are matched.")
    ] = False,
    retries: Annotated[int, typer.Option("--retries", min=0, metavar="N", help="How often a unit is begun again.")] = 2,
    backoff: Annotated[
        float, typer.Option("--backoff", min=0, metavar="S", help="Seconds before that; twice as long each time.")
    ] = 1.0,
    engine: Annotated[str | None, typer.Option("--engine", metavar="NAME", help="For rows that do not say.")] = None,
    segmenter: Annotated[str | None, typer.Option("--segmenter", metavar="NAME", help="The same.")] = None,
    inpainter: Annotated[str | None, typer.Option("--inpainter", metavar="NAME", help="The same.")] = None,
    codec: Annotated[str | None, typer.Option("--codec", metavar="NAME", help="The same.")] = None,
    device: Annotated[str | None, typer.Option("--device", metavar="NAME", help="The same.")] = None,
) -> None:
    """Do many videos, or long ones in spans. What is done is not done again; exit code 1 if a clip failed.

    A row has input, operation (track, remove, effect, replace, export), output, prompts or masks, and options; see
    docs/cluster.md.
    """
    from plugin.batch.run import Wish
    from plugin.batch.run import batch as run
    from plugin.batch.spans import Cutting
    from plugin.batch.summary import table

    given = {"engine": engine, "segmenter": segmenter, "inpainter": inpainter, "codec": codec, "device": device}
    defaults = {name: value for name, value in given.items() if value is not None}
    cutting = None if span is None else Cutting(span, overlap)
    wish = Wish(workers, ray, gpu_fraction, cutting, alone, retries, backoff, defaults)
    summary = run(manifest, output, wish)
    typer.echo(table(summary))
    if summary["done"] < summary["clips"]:
        raise typer.Exit(1)
