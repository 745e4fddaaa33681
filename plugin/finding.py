"""What a command works on: the video, its frames and its objects, from prompts, masks or a project.

It finds mistakes before the work and tracks what has to be tracked. What is done with the objects is the commands'.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from inpaint.engines import INPAINTERS
from plugin.arguments import PromptArguments
from plugin.continuing import working_session
from plugin.cuts import settle_proposals
from plugin.engine_list import suggest_better
from plugin.progress import with_progress
from tam_core import formats
from tam_core.atomic import check_folder, check_writable
from tam_core.engines import ENGINES
from tam_core.errors import (
    FrameRangeError,
    MaskletError,
    NotVisibleError,
    OutputError,
    PromptError,
    RequestError,
)
from tam_core.masklet import Masklet
from tam_core.prompts import Prompt, check_prompt
from tam_core.reacquire import parse_across_cuts
from tam_core.registry import EngineSpec
from tam_core.session import Session
from tam_core.types import ObjectId
from tam_core.video import FrameSource, VideoWarning, open_video
from tam_core.video.containers import check_sound

Check: TypeAlias = Callable[[FrameSource, range], None]
"""What a command has to say of its source and the frames to work on, before the work."""

SAY_WHAT = "say what to track: --click X,Y, --box X0,Y0,X1,Y1, --mask FILE.png or --text WORDS"


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


@dataclass(frozen=True)
class Asked:
    """The objects of a video, as ``prompts``, ``masks`` or a ``project`` say them, and how to work on them.

    ``source``: the frames of ``path``, where ``path`` alone does not say which.
    """

    path: Path
    prompts: PromptArguments = field(default_factory=PromptArguments)
    masks: Path | None = None
    choice: Choice = Choice()
    project: Path | None = None
    source: FrameSource | None = None

    @property
    def files(self) -> list[Path]:
        """What is read; of ``masks`` that are one video's of a data set, PATH#VIDEO, the data set."""
        masks = [Path(str(self.masks).split("#")[0]), self.masks] if self.masks else []
        return [self.path, *self.prompts.files, *masks]


@dataclass(frozen=True)
class Found:
    """The objects of a video, and which frames to work on."""

    source: FrameSource
    session: Session
    masklets: Mapping[ObjectId, Masklet]
    frames: range


@contextmanager
def found(asked: Asked, output: Path | None, check: Check | None = None) -> Iterator[Found]:
    """The masks that were given, or what is tracked now. ``output``: where the result goes, if it is a file.

    ``check`` is called before anything is tracked, for what else there is to find out.
    """
    prompts, masks, choice, project = asked.prompts, asked.masks, asked.choice, asked.project
    if masks is not None and (prompts or project):
        raise PromptError(f"give either {'prompts' if prompts else '--project'} or --masks, not both")
    wanted = masks is None and (project is None or not project.exists())
    source, said, frames = prepare(asked, output, wanted)
    if check is not None:
        check(source, frames)
    with working_session(source, asked.path, project, choice.engine, choice.segmenter, choice.device) as session:
        if masks is None:
            say(session, said)
            track_objects(session, session.stale, frames, choice)
        yield Found(source, session, session.masklets if masks is None else read_masks(masks, source), frames)


def prepare(asked: Asked, output: Path | None, wanted: bool) -> tuple[FrameSource, list[tuple[Prompt, ...]], range]:
    """Find every mistake that can be found before the work: returns the source, the prompts and the frames.

    Prompts must be given if they are ``wanted``.
    """
    choice = asked.choice
    if wanted and not asked.prompts:
        raise PromptError(SAY_WHAT)
    ENGINES.get(choice.engine, "tracker")
    ENGINES.get(choice.segmenter, "segmenter")
    parse_across_cuts(choice.across_cuts)
    said = asked.prompts.parse()
    source = asked.source or open_video(asked.path)
    for group in said:
        for prompt in group:
            check_prompt(prompt, source.info.size, source.info.frame_count)
    if output is not None:
        check_output(asked.path, output)
        check_apart(output, asked.files)
        check_sound(output, source)
    return source, said, frames_asked(source, choice)


def check_output(path: Path, output: Path) -> None:
    """Find out before the work whether the result can be written where it is wanted."""
    if output.resolve() == path.resolve():
        raise RequestError(f"{output} is the input; give the result another name")
    if not output.suffix:
        check_folder(output)
    elif output.is_dir():
        raise OutputError(f"{output} is a folder; give the name of a file")
    check_writable(output)


def check_apart(target: Path, kept: Iterable[Path]) -> None:
    """Raises RequestError if writing ``target``, a file or a folder, would take one of those away."""
    for one in kept:
        if one.exists() and one.resolve().is_relative_to(target.resolve()):
            raise RequestError(f"{target} is or holds {one}, which is needed: give another name")


def check_beside(asked: Asked, output: Path, more: Iterable[Path] = (), *beside: Path | None) -> None:
    """Raises RequestError if the result, or what is written ``beside`` it, would take the place of another of these, or
    of a file that is read; ``more`` of those than are asked for."""
    read, written = [*asked.files, *more], [one for one in beside if one is not None]
    check_apart(output, read)
    for one in written:
        check_apart(one, read)
        if one.resolve().is_relative_to(output.resolve()) or output.resolve().is_relative_to(one.resolve()):
            raise RequestError(f"{one} and {output} are in each other's way: give another name")


def warn_of_alpha(path: Path, source: FrameSource) -> None:
    """Say before the work that a source's own transparency is not kept."""
    if source.info.alpha:
        warnings.warn(VideoWarning(f"{path} has an alpha channel, which the result will not have"), stacklevel=2)


def ready_inpainter(name: str) -> EngineSpec:
    """The inpainter of that name, not loaded yet. Raises UnknownEngineError, EngineNotReadyError."""
    row = INPAINTERS.get(name, "inpainter")
    row.check_ready()
    return row


def frames_asked(source: FrameSource, choice: Choice) -> range:
    count = source.info.frame_count
    assert count is not None, "a file knows its length"
    stop = count if choice.stop is None else choice.stop
    if not choice.start < stop <= count:
        raise FrameRangeError(f"frames {choice.start} to {stop} of a video of {count} frames")
    return range(choice.start, stop)


def say(session: Session, said: list[tuple[Prompt, ...]]) -> None:
    """The prompts, without those that a project has already: a command may be given again."""
    known = session.prompts
    for group in said:
        new = [prompt for prompt in group if prompt not in known]
        if new:
            session.prompt(*new)
    if not session.objects:
        raise PromptError(f"the project has no objects yet: {SAY_WHAT}")


def track_objects(session: Session, objects: set[ObjectId], frames: range, choice: Choice) -> None:
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


def read_masks(path: Path, source: FrameSource) -> dict[ObjectId, Masklet]:
    """Masklets from any format that is known. Raises MaskletError unless they fit the video."""
    masklets = formats.read_masks(path, source.info)
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


def objects_in_words(masklets: Mapping[ObjectId, Masklet]) -> str:
    return f"{len(masklets)} object{'s' * (len(masklets) > 1)}"
