"""Reads a strip of Blender into ``Timing`` and ``Placement``, and finds room for strips that we make."""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy

from . import bridge
from .placement import Placement, Size
from .timing import Timing, Warp, multiplied, playing_rate, shown_frames, single, stretched

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
"""The suffixes that the worker takes for frames of an image folder."""
CHANNELS = 32
"""As many as the oldest Blender has."""


class TimingError(Exception):
    """Blender does not tell an add-on which frames the strip shows; says what to do."""


@dataclass(frozen=True, eq=False)
class Media:
    """What the worker says of a movie. ``times``: seconds of every frame, () if not known."""

    count: int
    times: tuple[float, ...] = ()


def timing(strip: Any, scene: Any, media: Media | None = None) -> Timing:
    """Raises TimingError. Without ``media`` a movie is taken to have a constant rate, and as many frames as Blender
    counts: without speed changes that is right."""
    first, stop = bridge.handles(strip)
    start, trim = bridge.content_start(strip), bridge.trims(strip)
    shown, count, span, speed = (_pictures if strip.type == "IMAGE" else _movie)(strip, scene, media, sum(trim))
    return Timing(
        start=start,
        first=first,
        stop=stop,
        count=count,
        span=span,
        speed=speed,
        trim=trim[0],
        reverse=strip.use_reverse_frames,
        strobe=strip.strobe,
        rounding=bridge.position_rounding(),
        warp=_warp(strip, scene, start, span),
        shown=shown,
    )


_Content = tuple[tuple[int, ...] | None, int, float, float]
"""Shown frames, content frames, the scene frames that they take, and speed, as in Timing."""


def _pictures(strip: Any, scene: Any, media: Media | None, trimmed: int) -> _Content:
    return _picture_order(strip), max(len(strip.elements) - trimmed, 1), bridge.content_span(strip), 1.0


def _movie(strip: Any, scene: Any, media: Media | None, trimmed: int) -> _Content:
    span, own, keys = bridge.content_span(strip), bridge.media_count(strip), bridge.retiming(strip)
    counted = own or (media.count - trimmed if media else round(span))
    if not keys and span == counted and (media is None or media.count == counted + trimmed):
        return None, max(counted, 1), span, 1.0  # the rate is not asked for: Blender would open the file
    shown = None
    if media and media.times and strip.fps:
        shown = _by_time(media, strip.fps, (own or round(span)) + trimmed)
    count = max(own or (counted if shown is None else round(span)), 1)
    if keys:
        return shown, count, span, _retimed(keys, count, span)
    speed = playing_rate(strip.fps, bridge.scene_rate(scene), count, span, bridge.own_speed(strip))
    return shown, count, span if own is None else int(own / single(speed)), speed


@lru_cache(maxsize=16)
def _by_time(media: Media, rate: float, count: int) -> tuple[int, ...] | None:
    return shown_frames(media.times, rate, count)


def _retimed(keys: list[int], count: int, span: float) -> float:
    """The last key stands at the last frame (4.x) or behind it (5.x): the span tells."""
    if len(keys) > 2:
        raise TimingError(
            "This strip is retimed in parts, and Blender does not tell add-ons how: work on a copy of the strip "
            "without retiming, or open the file in the Movie Clip Editor"
        )
    behind = span - (keys[-1] - keys[0])
    return float((count - behind) / max(keys[-1] - keys[0], 1))


def _warp(strip: Any, scene: Any, start: float, span: float) -> Warp | None:
    effect = speed_effect(strip, scene)
    if effect is None:
        return None
    first, stop = bridge.handles(effect)
    length = max(stop - first, 1)
    kind = effect.speed_control
    if kind == "STRETCH":
        found = stretched(length, span - (first - start))
    elif kind == "MULTIPLY":
        found = multiplied(length, effect.speed_factor, span)
    elif kind == "LENGTH":
        found = (span * effect.speed_length / 100,) * length
    else:
        found = (float(effect.speed_frame_number),) * length
    return Warp(first, tuple(first + min(max(one, 0.0), span) for one in found))


def speed_effect(strip: Any, scene: Any) -> Any | None:
    """The speed effect over a strip."""
    for one in bridge.strips(scene) or ():
        if one.type == "SPEED" and not one.mute and one.input_1 == strip:
            return one
    return None


def _picture_order(strip: Any) -> tuple[int, ...] | None:
    """The place of each picture among those of its folder, which are the worker's frames."""
    names = folder_pictures(bpy.path.abspath(strip.directory))
    places = {name: index for index, name in enumerate(names)}
    found = tuple(places.get(one.filename, index) for index, one in enumerate(strip.elements))
    return None if found == tuple(range(len(found))) else found


def folder_pictures(folder: str) -> list[str]:
    """The names of a folder's pictures as the worker counts them."""
    try:
        changed = os.stat(folder).st_mtime_ns
    except OSError:
        return []
    return _listed(folder, changed)


@lru_cache(maxsize=16)
def _listed(folder: str, changed: int) -> list[str]:
    names = [one for one in os.listdir(folder) if os.path.splitext(one)[1].lower() in PICTURES and one[0] != "."]
    return sorted(names, key=_natural)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """img2 before img10."""
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]


def placement(strip: Any, scene: Any, upright: Size, turned: int = 0, render_scale: float = 1.0) -> Placement:
    """``upright``: (width, height) of the source as the worker shows it; ``turned`` and ``render_scale`` as there."""
    element, render, look, crop = strip.elements[0], scene.render, strip.transform, strip.crop
    stored = upright if turned % 180 == 0 else (upright[1], upright[0])
    return Placement(
        size=(element.orig_width or stored[0], element.orig_height or stored[1]),
        canvas=(render.resolution_x, render.resolution_y),
        offset=(look.offset_x, look.offset_y),
        scale=(look.scale_x, look.scale_y),
        rotation=look.rotation,
        origin=(look.origin[0], look.origin[1]),
        crop=(crop.min_x, crop.max_x, crop.max_y, crop.min_y),
        flip=(strip.use_flip_x, strip.use_flip_y),
        pixel_aspect=render.pixel_aspect_x / render.pixel_aspect_y,
        turned=turned,
        render_scale=render_scale,
        corner_sampling=bridge.samples_corners(),
        unscaled_origin=bridge.keeps_origin(),
    )


def free_channel(scene: Any, above: int, first: int, stop: int) -> int:
    """The lowest channel above one that is free on those scene frames. Raises TimingError if there is none."""
    taken = {one.channel for one in bridge.strips(scene) or () if _overlaps(one, first, stop)}
    for channel in range(above + 1, CHANNELS + 1):
        if channel not in taken:
            return channel
    raise TimingError(f"All channels above {above} are taken there: move or delete a strip")


def _overlaps(strip: Any, first: int, stop: int) -> bool:
    begin, end = bridge.handles(strip)
    return begin < stop and first < end


def copy_look(source: Any, strip: Any) -> None:
    """Give a strip the transform, crop, flips and colour of another with pictures of the same size."""
    for part, names in (
        ("transform", ("offset_x", "offset_y", "scale_x", "scale_y", "rotation", "origin", "filter")),
        ("crop", ("min_x", "max_x", "min_y", "max_y")),
    ):
        for name in names:
            if hasattr(getattr(source, part), name):
                setattr(getattr(strip, part), name, getattr(getattr(source, part), name))
    for name in ("use_flip_x", "use_flip_y", "color_multiply", "color_saturation", "blend_alpha"):
        setattr(strip, name, getattr(source, name))
