"""One clip of a timeline -> the same timeline with edited media for it."""

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from inpaint.holes import BY_SIZE
from plugin import removing
from plugin.finding import Asked
from plugin.timeline.clips import (
    check_format,
    choose_clip,
    read_timeline,
    refuse_time_warps,
    shown_range,
    timecode,
    write_timeline,
)
from plugin.timeline.media import Media, check_relative, find_media, replacement
from tam_core.atomic import check_writable
from tam_core.errors import RequestError
from tam_core.video import ImageFolderSource
from tam_core.video.codecs import CODECS, PNG, Codec


@dataclass(frozen=True)
class Edit:
    """One row: how it is done, in the words of the file's name, and by how many pixels masks are enlarged for it."""

    work: Callable[..., str]
    word: str
    grow: int


EDITS: Mapping[str, Edit] = {
    "remove": Edit(removing.remove, "removed", BY_SIZE),
    "matte": Edit(removing.cut_out, "matte", 0),
}


@dataclass(frozen=True)
class Wish:
    """What to do with which clip. ``whole``: with all of its media; else ``handles`` frames more than it shows.

    ``clip`` None: the only one. ``grow`` None: what suits the edit; ``codec`` None: ProRes 4444, PNG for pictures.
    """

    clip: str | None = None
    edit: str = "remove"
    handles: int = 12
    whole: bool = False
    grow: int | None = None
    codec: str | None = None


def edit_timeline(asked: Asked, output: Path, wish: Wish) -> str:
    """Write the timeline ``output``, and beside it the clip's new media; says what there is now.

    ``asked.path`` is a timeline. Frame 0 of the prompts is the first that the clip shows. Raises TimelineError for what
    cannot be replaced.
    """
    if wish.edit not in EDITS:
        raise RequestError(f"no edit is named '{wish.edit}'; there are: {', '.join(EDITS)}")
    edit, path = EDITS[wish.edit], asked.path
    if output.resolve() == path.resolve():
        raise RequestError(f"{output} is the input; give the result another name")
    root = read_timeline(path)
    check_format(output)
    check_writable(output)
    check_relative(root, path, output)
    clip = choose_clip(root, wish.clip)
    if not wish.whole:
        refuse_time_warps(clip)
    media = find_media(clip, path.parent)
    shown = media.frames(*shown_range(clip))
    frames = _all_of(media) if wish.whole else media.frames(*shown_range(clip, wish.handles))
    codec = _codec(wish.codec, media)
    result = _new_name(output, clip.name, edit.word, codec)
    of_media = replace(
        asked,
        path=media.path,
        prompts=replace(asked.prompts, offset=shown.start),
        choice=replace(asked.choice, start=frames.start, stop=frames.stop),
        source=media.source,
    )
    grow = edit.grow if wish.grow is None else wish.grow
    begin = timecode(media.time_of(frames.start), media.source.info.rate)
    said = edit.work(of_media, result, grow, codec.name, begin)
    reference = replacement(media, result, frames, output, wish.edit)
    key = clip.active_media_reference_key
    clip.set_media_references({**clip.media_references(), key: reference}, key)
    write_timeline(root, output)
    return f"{output}: clip '{clip.name}' shows {said}"


def _all_of(media: Media) -> range:
    count = media.source.info.frame_count
    assert count is not None, "a file knows its length"
    return range(count)


def _codec(name: str | None, media: Media) -> Codec:
    wanted = name or (PNG if isinstance(media.source, ImageFolderSource) else "prores")
    for codec in CODECS:
        if codec.name == wanted:
            return codec
    raise RequestError(f"no codec is named '{wanted}'; there are: {', '.join(codec.name for codec in CODECS)}")


def _new_name(output: Path, clip: str, word: str, codec: Codec) -> Path:
    """A name beside the timeline that nothing has yet."""
    stem = "-".join(filter(None, (output.stem, re.sub(r"[^\w.]+", "_", clip).strip("_."), word)))
    suffix = (codec.default_for or codec.suffixes)[0]
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(path for name in names if not (path := output.with_name(name + suffix)).exists())
