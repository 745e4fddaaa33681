"""What the user works on: the strip, clip or image of the editor that the context is in."""

import os
from dataclasses import dataclass
from typing import Any, Literal

import bpy

from . import bridge, strips
from .bridge import RESULT_OF
from .session import OpenSession
from .studio import studio
from .timing import Timing

Kind = Literal["strip", "clip", "image"]
LOOKS = 500
"""Frames of a strip that are looked at to find its range: enough for effects that go to and fro."""


@dataclass(frozen=True)
class Target:
    """``key``: absolute path, the same for every use of one file. ``path``: of the movie, or of the image folder.

    ``name``: of the strip or data-block.
    """

    key: str
    path: str
    kind: Kind
    name: str


def target(context: Any) -> Target | None:
    """None where there is nothing to work on. Away from the three editors, the sequencer's active strip."""
    space: Any = getattr(context, "space_data", None)
    kind = space.type if space else ""
    if kind == "CLIP_EDITOR":
        return _of("clip", space.clip, space.clip.filepath, space.clip.source == "SEQUENCE") if space.clip else None
    if kind == "IMAGE_EDITOR":
        return _of_image(space.image) if space.image else None
    strip = active_strip(context)
    return None if strip is None else target_of_strip(strip)


def active_strip(context: Any) -> Any | None:
    """The strip to work on: the active one, or for a result of ours the strip that it was made of."""
    scene = bridge.sequencer_scene(context)
    strip = bridge.active_strip(scene)
    if strip is not None and strip.get(RESULT_OF):
        there: Any = bridge.strips(scene)
        return there.get(strip[RESULT_OF])
    return strip


def target_of_strip(strip: Any) -> Target | None:
    """None for a strip without pictures of a file."""
    if strip.type == "MOVIE":
        return _of("strip", strip, strip.filepath, False)
    if strip.type == "IMAGE" and strip.elements:
        return _of("strip", strip, os.path.join(strip.directory, strip.elements[0].filename), True)
    return None


def strip_of(context: Any, one: Target) -> Any | None:
    """The strip of a target of that kind."""
    there = bridge.strips(bridge.sequencer_scene(context))
    return None if there is None else there.get(one.name)


def source_frame(context: Any, one: Target) -> int | None:
    """The frame of the source, counted from 0, that the target's editor shows; None if it shows none of it."""
    frame = context.scene.frame_current
    if one.kind == "clip":
        clip = bpy.data.movieclips.get(one.name)
        return None if clip is None else _inside(frame - clip.frame_start + clip.frame_offset, clip.frame_duration)
    if one.kind == "image":
        return _image_frame(context, bpy.data.images.get(one.name))
    timing = _timing(context, one)
    return timing.source_frame(bridge.sequencer_scene(context).frame_current) if timing else None


def timing_of(strip: Any, scene: Any, session: OpenSession | None) -> Timing:
    """Which frames the strip shows; exact once its session is open. Raises strips.TimingError."""
    media = None
    if session is not None and session.times:
        media = _media.setdefault(session.id, strips.Media(session.state.video.frame_count, session.times))
    return strips.timing(strip, scene, media)


_media: dict[str, strips.Media] = {}
"""One for each session: what is worked out of the times is kept for it."""


def trouble(context: Any, one: Target) -> str:
    """Why clicks cannot be brought to the source, in words that say what to do; "" where they can."""
    strip = strip_of(context, one) if one.kind == "strip" else None
    if strip is None:
        return ""
    try:
        timing_of(strip, bridge.sequencer_scene(context), studio().session(one))
    except strips.TimingError as error:
        return str(error)
    return ""


def _timing(context: Any, one: Target) -> Timing | None:
    """None without a strip, or where Blender does not tell (see ``trouble``)."""
    strip = strip_of(context, one)
    if strip is None:
        return None
    try:
        return timing_of(strip, bridge.sequencer_scene(context), studio().session(one))
    except strips.TimingError:
        return None


def shown_range(context: Any, one: Target) -> tuple[int, int | None]:
    """The source frames that the target's strip shows: the first, and the one after the last."""
    timing = _timing(context, one) if one.kind == "strip" else None
    if timing is None:
        return 0, None
    looked = [*range(timing.first, timing.stop, max(1, (timing.stop - timing.first) // LOOKS)), timing.stop - 1]
    shown = [frame for now in looked if (frame := timing.source_frame(now)) is not None]
    return (min(shown), max(shown) + 1) if shown else (0, None)


def show_frame(context: Any, one: Target, frame: int) -> bool:
    """Go to the scene frame that shows a source frame. False if none does."""
    if one.kind == "clip":
        clip = bpy.data.movieclips[one.name]
        context.scene.frame_set(frame + clip.frame_start - clip.frame_offset)
    elif one.kind == "image":
        user = getattr(context.space_data, "image_user", None)
        context.scene.frame_set(frame + (user.frame_start - user.frame_offset if user else 1))
    else:
        scene, timing = bridge.sequencer_scene(context), _timing(context, one)
        if timing is None:
            return False
        now = round(timing.scene_frame(frame))
        if not timing.first <= now < timing.stop:
            return False
        scene.frame_set(now)
    return True


def _image_frame(context: Any, image: Any | None) -> int | None:
    if image is None or image.source not in ("MOVIE", "SEQUENCE"):
        return None if image is None else 0
    user = getattr(context.space_data, "image_user", None)
    if user is None:
        return _inside(context.scene.frame_current - 1, image.frame_duration)
    return _inside(context.scene.frame_current - user.frame_start + user.frame_offset, user.frame_duration)


def _inside(frame: int, count: int) -> int | None:
    return frame if 0 <= frame < count else None


def _of_image(image: Any) -> Target | None:
    if image.source not in ("FILE", "MOVIE", "SEQUENCE") or not image.filepath:
        return None
    return _of("image", image, image.filepath, image.source != "MOVIE")


def _of(kind: Kind, block: Any, path: str, folder: bool) -> Target:
    library = getattr(block, "library", None)
    absolute = os.path.normpath(bpy.path.abspath(path, library=library))
    chosen = os.path.dirname(absolute) if folder else absolute
    return Target(chosen, chosen, kind, block.name)
