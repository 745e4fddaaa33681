"""What ``tam track`` does, from files to files. It answers with one line for the user."""

from collections.abc import Mapping
from pathlib import Path

from inpaint.composite import overlay
from plugin.arguments import PromptArguments
from plugin.continuing import untracked, working_session
from plugin.exports import ExportFormat, Material, find_format
from plugin.finding import Choice, prepare, say, track_objects
from plugin.progress import with_progress
from tam_core.errors import RequestError
from tam_core.formats.davis import write_davis
from tam_core.formats.masklet_json import write_masklets
from tam_core.masklet import Masklet
from tam_core.quality import next_frame_to_fix
from tam_core.types import ObjectId
from tam_core.video import write_video
from tam_core.video.codecs import choose_codec


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
    source, asked, frames = prepare(path, output, prompts, choice, wanted=project is None or not project.exists())
    if row is None and output.suffix and output.suffix != ".json":
        choose_codec(output)
    with working_session(source, path, project, choice.engine, choice.segmenter, choice.device) as session:
        say(session, asked)
        track_objects(session, session.stale | untracked(session, frames), frames, choice)
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


def _mask_format(name: str, output: Path) -> ExportFormat:
    """A row of the exports that needs nothing but masks. Raises RequestError."""
    row = find_format(name)
    if row.takes != "masklets":
        raise RequestError(f"'{name}' is of a result: tam remove writes it, or the page of tam serve")
    row.check_path(output)
    return row


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
