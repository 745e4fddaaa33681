"""What ``tam remove`` does, from files to files, and a timeline's matte. Each answers with one line for the user."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from inpaint.composite import cut_out as cut_out_objects
from inpaint.holes import BY_SIZE, Holes, holes_of
from inpaint.painted import check_painted
from inpaint.provenance import Shares, total
from inpaint.removal import Removed, removed
from plugin.catalogue import settled
from plugin.finding import (
    Asked,
    Found,
    check_beside,
    found,
    objects_in_words,
    ready_inpainter,
    warn_of_alpha,
)
from plugin.progress import with_progress
from plugin.provenance import check_provenance_folder, counted, with_provenance
from plugin.receipt import write_receipt
from plugin.settings import check_memory, settings_from
from plugin.worker.edited import FILE, forget_others, new_file, write_changes
from plugin.worker.origins import kept_origins
from tam_core.atomic import check_writable
from tam_core.errors import RequestError
from tam_core.masklet import Masklet
from tam_core.registry import Value
from tam_core.types import Pixels
from tam_core.video import Frame, FrameSource, write_video
from tam_core.video.codecs import CODECS, Codec, choose_codec
from tam_core.video.colour import PLAIN_BITS
from tam_core.video.open import deepened
from tam_core.video.pictures import read_picture


@dataclass(frozen=True)
class Extras:
    """What a removal may be told beside its objects.

    ``memory`` in GB; ``painted``: FRAME=FILE of frames painted by hand; ``layer``: the fill alone, with alpha, instead
    of the video; ``provenance``: a folder and ``receipt``: a file to write; ``shadow``: the objects' shadows go too;
    ``settings``: NAME=VALUE words for the inpainter.
    """

    memory: float | None = None
    painted: Sequence[str] = ()
    layer: bool = False
    provenance: Path | None = None
    receipt: Path | None = None
    shadow: bool = False
    settings: Sequence[str] = ()

    def check(self, codec: Codec, output: Path) -> None:
        """Find out before the work what cannot be done. Raises RequestError and OutputError."""
        check_memory(self.memory)
        if self.layer:
            require_alpha(codec, output, "a layer")
        if self.layer and self.receipt is not None:
            raise RequestError("a receipt compares a video with its source: --receipt and --layer do not go together")
        if self.provenance is not None:
            check_provenance_folder(self.provenance)
        if self.receipt is not None:
            check_writable(self.receipt)


def remove(
    asked: Asked,
    output: Path,
    grow: int = BY_SIZE,
    codec: str | None = None,
    timecode: str | None = None,
    extras: Extras = Extras(),
) -> str:
    """The video without the objects. ``timecode``: of the first new frame."""
    row = ready_inpainter(asked.choice.inpainter)
    written_as = choose_codec(output, codec)
    check_beside(asked, output, painted_files(extras.painted).values(), extras.provenance, extras.receipt)
    extras.check(written_as, output)
    painted = read_painted(extras.painted)
    of = f"removal with {row.name}"
    settings = settled(row.parameters, settings_from(extras.settings, row.parameters, of), of)

    def check(source: FrameSource, frames: range) -> None:
        check_painted(painted, source.info)
        if not extras.layer:  # it is laid over the source, which has its own
            warn_of_alpha(asked.path, source)

    with found(asked, output, check) as work:
        pictures = deepened(work.source) if written_as.deepest > PLAIN_BITS else work.source
        masklets = _with_shadows(work) if extras.shadow else list(work.masklets.values())
        run = removed(
            pictures,
            masklets,
            inpainter=row.load(asked.choice.device, **settings),
            grow=grow,
            start=work.frames.start,
            stop=work.frames.stop,
            memory=extras.memory,
            painted=painted,
        )
        holes = holes_of(masklets, work.source.info.size, grow)
        counts: dict[int, Shares] = {}
        with ExitStack() as chain:  # whatever fails, what was begun is cleared away at once
            chain.enter_context(closing(run))
            shown: Iterable[Removed] = with_progress(counted(run, counts), "removing", len(work.frames))
            if work.session.project is not None:
                shown = chain.enter_context(closing(_kept(work, shown, row.name, holes)))
            if extras.provenance is not None:
                shown = chain.enter_context(closing(with_provenance(shown, extras.provenance)))
            new = (one.layer() if extras.layer else one.frame for one in shown)
            write_video(new, output, like=pictures, codec=codec, timecode=timecode)
        if extras.receipt is not None:
            write_receipt(pictures, output, extras.receipt, holes=holes, frames=work.frames).require()
    done = f"{len(work.frames)} frames, {objects_in_words(work.masklets)} removed"
    return f"{output}: {done}; {total(counts.values()).in_words()}"


def require_alpha(codec: Codec, output: Path, what: str) -> None:
    """Raises RequestError unless the codec has alpha in files of that name."""
    if not codec.holds_alpha(output):
        able = ", ".join(_with_endings(codec) for codec in CODECS if codec.alpha_format)
        raise RequestError(f"{output.name}: {what} needs alpha, which only {able} have")


def _with_endings(codec: Codec) -> str:
    """A codec that has alpha, and the only files that keep it."""
    return codec.name + (f" in {' and '.join(codec.alpha_suffixes)}" if codec.alpha_suffixes else "")


def read_painted(given: Sequence[str]) -> dict[int, Pixels]:
    """Pictures by frame index from FRAME=FILE. Raises RequestError."""
    return {number: read_picture(file, deep=True) for number, file in painted_files(given).items()}


def painted_files(given: Sequence[str]) -> dict[int, Path]:
    """Files by frame index from FRAME=FILE. Raises RequestError."""
    files = {}
    for one in given:
        number, sign, file = one.partition("=")
        if not sign or not number.strip().isdecimal() or not file:
            raise RequestError(f"--patch {one}: give the frame's number and a picture of it, such as 120=painted.png")
        files[int(number)] = Path(file)
    return files


def _with_shadows(work: Found) -> list[Masklet]:
    """The objects, and a masklet for each shadow that moves with one of them."""
    from tam_core.shadow import shadow_masklets

    objects = list(work.masklets.values())
    return [*objects, *shadow_masklets(work.source, objects, work.frames.start, work.frames.stop)]


def _kept(work: Found, run: Iterable[Removed], inpainter: str, holes: Holes) -> Generator[Removed, None, None]:
    """The same frames; with the last one all of them are in the project, where the page finds them."""
    session, frames = work.session, work.frames
    assert session.project is not None
    file = new_file(session.project.files())
    waiting: list[Frame] = []
    writing = write_changes(_taken(waiting), holes, file)
    with closing(writing), closing(kept_origins(run, file)) as kept:
        for one in kept:
            waiting.append(one.frame)
            next(writing)
            yield one
        for _ in writing:
            pass
    made: dict[str, Value] = {"grow": holes.grow, FILE: file.name}
    session.removed(inpainter, work.masklets, frames.start, frames.stop, made, work.masklets)
    forget_others(file.parent, session.commands)


def _taken(waiting: list[Frame]) -> Iterator[Frame]:
    """Each frame that waits, once; ends when none does."""
    while waiting:
        yield waiting.pop()


def cut_out(asked: Asked, output: Path, grow: int = 0, codec: str | None = None, timecode: str | None = None) -> str:
    """The objects alone, transparent around them. ``timecode``: of the first new frame."""
    require_alpha(choose_codec(output, codec), output, "a cut-out object")
    with found(asked, output) as work:
        pictures = cut_out_objects(work.source, work.masklets.values(), grow, asked.choice.start, asked.choice.stop)
        shown = with_progress(pictures, "cutting out", len(work.frames))
        write_video(shown, output, like=work.source, codec=codec, timecode=timecode)
    return f"{output}: {len(work.frames)} frames, {objects_in_words(work.masklets)} cut out"
