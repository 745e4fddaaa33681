"""What ``tam track`` and ``tam remove`` do, from files to files. Each answers with one line for the user."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inpaint.composite import overlay
from inpaint.engines import INPAINTERS
from inpaint.removal import remove as remove_objects
from plugin.arguments import PromptArguments
from plugin.continuing import untracked, working_session
from plugin.cuts import settle_proposals
from plugin.engine_list import suggest_better
from plugin.progress import with_progress
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
from tam_core.session import Session
from tam_core.types import ObjectId
from tam_core.video import FrameSource, open_video, write_video
from tam_core.video.codecs import choose_codec

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


def track(path: Path, output: Path, prompts: PromptArguments, choice: Choice, project: Path | None = None) -> str:
    """Prompts, and what a project knows -> masks in a folder, a .json file or a preview video."""
    source, asked, frames = _prepare(path, output, prompts, choice, wanted=project is None or not project.exists())
    if output.suffix and output.suffix != ".json":
        choose_codec(output)
    with working_session(source, path, project, choice.engine, choice.segmenter, choice.device) as session:
        _say(session, asked)
        _track(session, session.stale | untracked(session, frames), frames, choice)
        masklets = session.masklets
    if output.suffix == ".json":
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
) -> str:
    """Prompts, masks or what a project knows -> the video without the objects."""
    if masks is not None and (prompts or project):
        raise PromptError(f"give either {'prompts' if prompts else '--project'} or --masks, not both")
    row = INPAINTERS.get(choice.inpainter, "inpainter")
    choose_codec(output, codec)
    wanted = masks is None and (project is None or not project.exists())
    source, asked, frames = _prepare(path, output, prompts, choice, wanted)
    with working_session(source, path, project, choice.engine, choice.segmenter, choice.device) as session:
        if masks is None:
            _say(session, asked)
            _track(session, session.stale, frames, choice)
        masklets = session.masklets if masks is None else _read_masks(masks, source)
        filled = remove_objects(
            source,
            masklets.values(),
            inpainter=row.load(choice.device),
            grow=grow,
            start=choice.start,
            stop=choice.stop,
        )
        write_video(with_progress(filled, "removing", len(frames)), output, like=source, codec=codec)
        if masks is None:
            session.removed(row.name, masklets, frames.start, frames.stop, {"grow": grow}, masklets)
    return f"{output}: {len(frames)} frames, {len(masklets)} object{'s' * (len(masklets) > 1)} removed"


def _prepare(
    path: Path, output: Path, prompts: PromptArguments, choice: Choice, wanted: bool
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
    source = open_video(path)
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
    steps = session.steps(objects=chosen or None, start=choice.start, stop=choice.stop)
    found = session.propagate(objects=chosen or None, start=choice.start, stop=choice.stop, across_cuts=policy)
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
