"""Timelines as OpenTimelineIO reads them: which clip is meant, and which part of its media it shows."""

import difflib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from tam_core.atomic import atomic_file
from tam_core.errors import OutputError, RequestError, SourceNotFoundError, TamError

LISTED_CLIPS = 20


class TimelineError(TamError):
    """The timeline is there, but cannot be used, or the clip's media cannot be replaced without changing more."""


def read_timeline(path: Path) -> otio.core.SerializableObject:
    """Whatever an adapter for the file's suffix reads. Raises SourceNotFoundError, TimelineError."""
    if not path.is_file():
        raise SourceNotFoundError(f"no such timeline: {path}")
    try:
        root = otio.adapters.read_from_file(str(path))
    except otio.exceptions.NoKnownAdapterForExtensionError as error:
        raise TimelineError(_no_adapter(path)) from error
    except Exception as error:  # adapters are other people's: each fails in its own way
        raise TimelineError(f"{path} cannot be read as a timeline: {error}") from error
    if not hasattr(root, "find_clips"):
        raise TimelineError(f"{path} holds a {root.schema_name()}, not a timeline")
    return root


def write_timeline(root: otio.core.SerializableObject, path: Path) -> None:
    """The whole file or none. Raises OutputError."""
    with atomic_file(path) as temporary:
        try:
            otio.adapters.write_to_file(root, str(temporary))
        except Exception as error:  # adapters are other people's, as above
            raise OutputError(f"{path} cannot be written: {error}") from error


def check_format(path: Path) -> None:
    """Raise TimelineError if no adapter writes that kind of file."""
    if path.suffix[1:].lower() not in otio.adapters.suffixes_with_defined_adapters(write=True):
        raise TimelineError(_no_adapter(path))


def _no_adapter(path: Path) -> str:
    return (
        f"{path.name}: there is no OpenTimelineIO adapter for '{path.suffix}' here. Export .otio, or install one, such "
        "as: pip install otio-fcpx-xml-adapter (.fcpxml), otio-fcp-adapter (.xml), otio-cmx3600-adapter (.edl) or "
        "otio-aaf-adapter (.aaf)"
    )


def choose_clip(root: otio.core.SerializableObject, wanted: str | None) -> otio.schema.Clip:
    """The clip with that name, or number in the timeline (``#3``); None: the only one. Sound has no clips here.

    Raises RequestError, which lists them.
    """
    clips = [clip for clip in root.find_clips() if _kind(clip) != otio.schema.TrackKind.Audio]
    found = [clip for number, clip in enumerate(clips, 1) if wanted in (None, clip.name, f"#{number}")]
    if len(found) == 1:
        return found[0]
    if not clips:
        raise RequestError("the timeline has no clips with pictures")
    if found:
        which = "the timeline has" if wanted is None else f"'{wanted}' is the name of"
        raise RequestError(
            f"{which} {len(found)} clips; say which by number, such as --clip '#2': {_list(clips, found)}"
        )
    close = difflib.get_close_matches(str(wanted), [clip.name for clip in clips], n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    raise RequestError(f"no clip is named '{wanted}': {hint}There are: {_list(clips, clips)}")


def _kind(clip: otio.schema.Clip) -> str | None:
    parent = clip.parent()
    while parent is not None and not isinstance(parent, otio.schema.Track):
        parent = parent.parent()
    return None if parent is None else str(parent.kind)


def _list(clips: Sequence[otio.schema.Clip], shown: Sequence[otio.schema.Clip]) -> str:
    rows = [f"#{number} '{clip.name}'" for number, clip in enumerate(clips, 1) if clip in shown]
    return ", ".join(rows[:LISTED_CLIPS]) + (
        f" and {len(rows) - LISTED_CLIPS} more" if len(rows) > LISTED_CLIPS else ""
    )


def refuse_time_warps(clip: otio.schema.Clip) -> None:
    """Raise TimelineError where programs disagree on which frames of the media the clip shows."""
    for effect in clip.effects:
        if isinstance(effect, otio.schema.TimeEffect):
            raise TimelineError(
                f"clip '{clip.name}' is retimed ({effect.schema_name()} '{effect.name}'), and how much of its media it "
                "shows is told differently by every program: edit all of it with --whole, or render the clip first"
            )


def shown_range(clip: otio.schema.Clip, handles: int = 0) -> tuple[Fraction, Fraction]:
    """What the clip shows of its media, with ``handles`` frames more or what its transitions reach for: (begin, end).

    Both are seconds in the media's own time, where it may begin at any time code. Raises TimelineError.
    """
    try:
        shown = clip.trimmed_range()
    except Exception as error:
        raise TimelineError(f"clip '{clip.name}' does not say which part of its media it shows: {error}") from error
    parent, head, tail = clip.parent(), None, None
    if isinstance(parent, otio.schema.Track):
        head, tail = parent.handles_of_child(clip)
    spare = seconds(otio.opentime.RationalTime(handles, shown.start_time.rate))
    begin = seconds(shown.start_time)
    end = begin + seconds(shown.duration)
    return begin - max(spare, seconds(head)), end + max(spare, seconds(tail))


def seconds(time: otio.opentime.RationalTime | None) -> Fraction:
    """A time of OpenTimelineIO, exactly; None is 0."""
    if time is None:
        return Fraction(0)
    return Fraction(time.value).limit_denominator(1_000_000) / exact_rate(time.rate)


def exact_rate(rate: float) -> Fraction:
    """29.97 and 29.97002997 are 30000/1001; files hold rates as floating point numbers, some of them rounded."""
    for exact in (Fraction(round(rate)), Fraction(round(rate * 1.001) * 1000, 1001)):
        if exact > 0 and abs(exact - Fraction(rate)) < Fraction(1, 200):
            return exact
    return Fraction(rate).limit_denominator(1_000_000)


def timecode(time: Fraction, rate: Fraction) -> str | None:
    """Hours, minutes, seconds and frames; None for 0, which needs none, and where they cannot say it exactly."""
    frames = time * rate
    if frames <= 0 or frames.denominator > 1:
        return None
    try:
        return str(otio.opentime.to_timecode(otio.opentime.RationalTime(int(frames), float(rate))))
    except ValueError:
        return None
