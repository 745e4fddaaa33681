"""What ``tam track`` does, from files to files. It answers with one line for the user.

Tables of formats and effects are loaded only where they are asked for: a person waits for each import.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.continuing import untracked, working_session
from plugin.finding import Asked, prepare, say, track_objects
from plugin.progress import with_progress
from tam_core.formats.davis import write_davis
from tam_core.formats.masklet_json import write_masklets
from tam_core.masklet import Masklet
from tam_core.quality import next_frame_to_fix
from tam_core.types import ObjectId
from tam_core.video import write_video
from tam_core.video.codecs import choose_codec

if TYPE_CHECKING:
    from plugin.exports import ExportFormat


def track(asked: Asked, output: Path, form: str | None = None) -> str:
    """Prompts, and what a project knows -> masks in a folder, a .json file, a preview video or an export format."""
    choice, project = asked.choice, asked.project
    row = None if form is None else _export_format(form)
    if row is not None:
        row.check_path(output)
    source, said, frames = prepare(asked, output, wanted=project is None or not project.exists())
    if row is None and output.suffix and output.suffix != ".json":
        choose_codec(output)
    with working_session(source, asked.path, project, choice.engine, choice.segmenter, choice.device) as session:
        say(session, said)
        track_objects(session, session.stale | untracked(session, frames), frames, choice)
        masklets = session.masklets
    if row is not None:
        from plugin.material import Material

        written = row.write(Material(source, list(masklets.values()), frames.start, frames.stop), output)
        for _ in with_progress(written, "writing", len(frames)):
            pass
    elif output.suffix == ".json":
        write_masklets(masklets.values(), output, source.info)
    elif output.suffix:
        from inpaint.composite import overlay

        drawn = overlay(source, masklets.values(), choice.start, choice.stop)
        write_video(with_progress(drawn, "writing", len(frames)), output, like=source)
    else:
        write_davis(masklets.values(), output, frames)
    return f"{output}: {_summary(masklets, frames)}"


def _export_format(name: str) -> "ExportFormat":
    from plugin.exporting import mask_format

    return mask_format(name)


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
