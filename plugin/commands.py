"""What ``tam track`` and ``tam remove`` do, from files to files. Each answers with one line for the user."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inpaint.composite import cut_out as cut_out_objects
from inpaint.composite import overlay
from inpaint.engines import INPAINTERS
from inpaint.holes import holes_of
from inpaint.removal import remove as remove_objects
from plugin.arguments import PromptArguments
from plugin.continuing import untracked, working_session
from plugin.cuts import settle_proposals
from plugin.engine_list import suggest_better
from plugin.exports import ExportFormat, Material, find_format
from plugin.progress import with_progress
from plugin.worker.removal import FILE, RemovedSource, forget_others, new_file, write_changes
from tam_core.atomic import check_folder, check_writable
from tam_core.engines import ENGINES
from tam_core.errors import (
    FrameRangeError,
    MaskletError,
    NotVisibleError,
    OutputError,
    PromptError,
    RequestError,
    SourceNotFoundError,
)
from tam_core.formats.davis import read_davis, write_davis
from tam_core.formats.masklet_json import read_masklets, write_masklets
from tam_core.masklet import Masklet
from tam_core.prompts import Prompt, check_prompt
from tam_core.quality import next_frame_to_fix
from tam_core.reacquire import parse_across_cuts
from tam_core.registry import Value
from tam_core.session import Session
from tam_core.types import ObjectId
from tam_core.video import Frame, FrameSource, open_video, write_video
from tam_core.video.codecs import CODECS, choose_codec

_SAY_WHAT = "say what to track: --click X,Y, --box X0,Y0,X1,Y1, --mask FILE.png or --text WORDS"


@dataclass(frozen=True)
class Choice:
    """Which engines work on which frames."""

    engine: str = "auto"
    segmenter: str = "auto"
    device: str = "auto"
    start: int = 0
    stop: int | None = None
    inpainter: str = "auto"
    across_cuts: str = "ask"


def track(
    path: Path,
    output: Path,
    prompts: PromptArguments,
    choice: Choice,
    project: Path | None = None,
    form: str | None = None,
) -> str:
    """Prompts, and what a project knows -> masks in a folder, a .json file, a preview video or an export format."""
    row = None if form is None else _mask_format(form, output)
    source, asked, frames = _prepare(path, output, prompts, choice, wanted=project is None or not project.exists())
    if row is None and output.suffix and output.suffix != ".json":
        choose_codec(output)
    with working_session(source, path, project, choice.engine, choice.segmenter, choice.device) as session:
        _say(session, asked)
        _track(session, session.stale | untracked(session, frames), frames, choice)
        masklets = session.masklets
    if row is not None:
        written = row.write(Material(source, list(masklets.values()), frames.start, frames.stop), output)
        for _ in with_progress(written, "writing", len(frames)):
            pass
    elif output.suffix == ".json":
        write_masklets(masklets.values(), output, source.info)
    elif output.suffix:
        drawn = overlay(source, masklets.values(), choice.start, choice.stop)
        write_video(with_progress(drawn, "writing", len(frames)), output, like=source)
    else:
        write_davis(masklets.values(), output, frames)
    return f"{output}: {_summary(masklets, frames)}"


def remove(
    path: Path,
    output: Path,
    prompts: PromptArguments,
    masks: Path | None,
    choice: Choice,
    grow: int = 4,
    codec: str | None = None,
    project: Path | None = None,
    source: FrameSource | None = None,
    timecode: str | None = None,
) -> str:
    """Prompts, masks or what a project knows -> the video without the objects.

    ``source``: the frames of ``path``, where ``path`` alone does not say which. ``timecode``: of the first new frame.
    """
    row = INPAINTERS.get(choice.inpainter, "inpainter")
    choose_codec(output, codec)
    with _found(path, output, prompts, masks, choice, project, source) as found:
        filled = remove_objects(
            found.source,
            found.masklets.values(),
            inpainter=row.load(choice.device),
            grow=grow,
            start=choice.start,
            stop=choice.stop,
        )
        shown = with_progress(filled, "removing", len(found.frames))
        if found.session.project is not None:
            shown = with_progress(_kept(found, shown, row.name, grow), "writing", len(found.frames))
        write_video(shown, output, like=found.source, codec=codec, timecode=timecode)
    return f"{output}: {len(found.frames)} frames, {_objects(found.masklets)} removed"


def _kept(found: "_Found", without: Iterable[Frame], inpainter: str, grow: int) -> Iterator[Frame]:
    """The same frames, once all of them are in the project, where the page finds them."""
    session, frames = found.session, found.frames
    assert session.project is not None
    file = new_file(session.project.files())
    for _ in write_changes(without, holes_of(found.masklets.values(), found.source.info.size, grow), file):
        pass
    made: dict[str, Value] = {"grow": grow, FILE: file.name}
    session.removed(inpainter, found.masklets, frames.start, frames.stop, made, found.masklets)
    forget_others(file.parent, session.commands)
    yield from RemovedSource(found.source, file, frames).frames(frames.start, frames.stop)


def cut_out(
    path: Path,
    output: Path,
    prompts: PromptArguments,
    masks: Path | None,
    choice: Choice,
    grow: int = 0,
    codec: str | None = None,
    project: Path | None = None,
    source: FrameSource | None = None,
    timecode: str | None = None,
) -> str:
    """The same words as for ``remove`` -> the objects alone, transparent around them."""
    if choose_codec(output, codec).alpha_format is None:
        able = ", ".join(codec.name for codec in CODECS if codec.alpha_format)
        raise RequestError(f"{output.name}: objects are cut out with alpha, which only {able} have")
    with _found(path, output, prompts, masks, choice, project, source) as found:
        pictures = cut_out_objects(found.source, found.masklets.values(), grow, choice.start, choice.stop)
        shown = with_progress(pictures, "cutting out", len(found.frames))
        write_video(shown, output, like=found.source, codec=codec, timecode=timecode)
    return f"{output}: {len(found.frames)} frames, {_objects(found.masklets)} cut out"


def _mask_format(name: str, output: Path) -> ExportFormat:
    """A row of the exports that needs nothing but masks. Raises RequestError."""
    row = find_format(name)
    if row.takes != "masklets":
        raise RequestError(f"'{name}' is of a result: tam remove writes it, or the page of tam serve")
    row.check_path(output)
    return row


@dataclass(frozen=True)
class _Found:
    """The objects of a video, and which frames to work on."""

    source: FrameSource
    session: Session
    masklets: Mapping[ObjectId, Masklet]
    frames: range


@contextmanager
def _found(
    path: Path,
    output: Path,
    prompts: PromptArguments,
    masks: Path | None,
    choice: Choice,
    project: Path | None,
    source: FrameSource | None,
) -> Iterator[_Found]:
    """The masks that were given, or what is tracked now."""
    if masks is not None and (prompts or project):
        raise PromptError(f"give either {'prompts' if prompts else '--project'} or --masks, not both")
    wanted = masks is None and (project is None or not project.exists())
    source, asked, frames = _prepare(path, output, prompts, choice, wanted, source)
    with working_session(source, path, project, choice.engine, choice.segmenter, choice.device) as session:
        if masks is None:
            _say(session, asked)
            _track(session, session.stale, frames, choice)
        yield _Found(source, session, session.masklets if masks is None else _read_masks(masks, source), frames)


def _objects(masklets: Mapping[ObjectId, Masklet]) -> str:
    return f"{len(masklets)} object{'s' * (len(masklets) > 1)}"


def _prepare(
    path: Path,
    output: Path,
    prompts: PromptArguments,
    choice: Choice,
    wanted: bool,
    source: FrameSource | None = None,
) -> tuple[FrameSource, list[tuple[Prompt, ...]], range]:
    """Find every mistake that can be found before the work: returns the source, the prompts and the frames.

    Prompts must be given if they are ``wanted``.
    """
    if wanted and not prompts:
        raise PromptError(_SAY_WHAT)
    ENGINES.get(choice.engine, "tracker")
    ENGINES.get(choice.segmenter, "segmenter")
    parse_across_cuts(choice.across_cuts)
    asked = prompts.parse()
    source = source or open_video(path)
    for group in asked:
        for prompt in group:
            check_prompt(prompt, source.info.size, source.info.frame_count)
    _check_output(path, output)
    return source, asked, _frames(source, choice)


def _check_output(path: Path, output: Path) -> None:
    """Find out before the work whether the result can be written where it is wanted."""
    if output.resolve() == path.resolve():
        raise RequestError(f"{output} is the input; give the result another name")
    if not output.suffix:
        check_folder(output)
    elif output.is_dir():
        raise OutputError(f"{output} is a folder; give the name of a file")
    check_writable(output)


def _frames(source: FrameSource, choice: Choice) -> range:
    count = source.info.frame_count
    assert count is not None, "a file knows its length"
    stop = count if choice.stop is None else choice.stop
    if not choice.start < stop <= count:
        raise FrameRangeError(f"frames {choice.start} to {stop} of a video of {count} frames")
    return range(choice.start, stop)


def _say(session: Session, asked: list[tuple[Prompt, ...]]) -> None:
    """The prompts, without those that a project has already: a command may be given again."""
    known = session.prompts
    for group in asked:
        new = [prompt for prompt in group if prompt not in known]
        if new:
            session.prompt(*new)
    if not session.objects:
        raise PromptError(f"the project has no objects yet: {_SAY_WHAT}")


def _track(session: Session, objects: set[ObjectId], frames: range, choice: Choice) -> None:
    """Track those of the objects that are prompted in the frames; there must be something to show in the end."""
    chosen = [o for o in sorted(objects) if not set(session.prompted_frames(o)).isdisjoint(frames)]
    if not chosen and any(not set(masklet.rles).isdisjoint(frames) for masklet in session.masklets.values()):
        return
    policy = parse_across_cuts(choice.across_cuts)
    asked: dict[str, Any] = {"objects": chosen or None, "start": choice.start, "stop": choice.stop}
    steps = session.steps(**asked, across_cuts=policy)
    found = session.propagate(**asked, across_cuts=policy)
    for _ in with_progress(found, "tracking", steps):
        pass
    settle_proposals(session, policy)
    suggest_better({"tracker": choice.engine, "segmenter": choice.segmenter})


def _read_masks(path: Path, source: FrameSource) -> dict[ObjectId, Masklet]:
    """Masklets from a DAVIS folder or a .json file. Raises MaskletError unless they fit the video."""
    if not path.exists():
        raise SourceNotFoundError(f"no such masks: {path}")
    masklets = read_davis(path) if path.is_dir() else read_masklets(path)
    info, last = source.info, (source.info.frame_count or 0) - 1
    for masklet in masklets:
        if masklet.size != info.size:
            height, width = masklet.size
            raise MaskletError(f"{path} has masks of {width}x{height} pixels for a video of {info.width}x{info.height}")
        if masklet.frames and masklet.frames[-1] > last:
            raise MaskletError(f"{path} has a mask for frame {masklet.frames[-1]}, but the last frame is {last}")
    if not any(masklet.visible_frames for masklet in masklets):
        raise NotVisibleError(f"the masks in {path} are all empty: there is nothing to remove")
    return {masklet.object_id: masklet for masklet in masklets}


def _summary(masklets: Mapping[ObjectId, Masklet], frames: range) -> str:
    return ", ".join(_seen(masklet, frames) for masklet in masklets.values())


def _seen(masklet: Masklet, frames: range) -> str:
    seen = sum(frame in frames for frame in masklet.visible_frames)
    return f"object {masklet.object_id} on {seen} of {len(frames)} frames{_advice(masklet)}"


def _advice(masklet: Masklet) -> str:
    """Where a correction would help most."""
    frame = next_frame_to_fix(masklet)
    if frame is None:
        return ""
    why = masklet.flags.get(frame) or f"confidence {masklet.scores[frame]:.2f}"
    return f" (look at frame {frame} first: {why})"
