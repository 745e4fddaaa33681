"""Checks that need nothing but what the two files say about themselves, time stamps of every frame included."""

from dataclasses import asdict, replace
from fractions import Fraction

from plugin.receipt.finding import Finding, counted, listed
from plugin.receipt.pair import Pair
from tam_core.video.colour import guess_range, tags_for
from tam_core.video.images import list_pictures
from tam_core.video.packets import open_container, video_stream
from tam_core.video.source import ColourTags


def frame_count(pair: Pair) -> Finding:
    wanted, there = len(pair.frames), pair.written.frame_count or 0
    if there == wanted:
        return Finding("frame count", True, counted(there, "frame"))
    return Finding("frame count", False, f"{counted(there, 'frame')} instead of {wanted}")


def time_stamps(pair: Pair) -> Finding:
    """To half a tick of the output's clock: .mp4 and .mov hold the source's exactly, .mkv and .webm milliseconds."""
    if pair.pictures:
        return _picture_numbers(pair)
    tick = _tick(pair)
    wrong = [
        index
        for index, (wanted, found) in enumerate(zip(pair.times, pair.written.times or (), strict=False))
        if abs(found - wanted) > tick / 2
    ]
    if not wrong:
        first = counted(min(len(pair.times), pair.written.frame_count or 0), "time stamp")
        return Finding("time stamps", True, f"{first}, right to half of {_milliseconds(tick)}")
    at = wrong[0]
    found = (pair.written.times or ())[at]
    return Finding(
        "time stamps",
        False,
        f"{counted(len(wrong), 'frame')} moved ({listed(wrong)}); frame {at} is shown at {float(found):.6f} s instead "
        f"of {float(pair.times[at]):.6f} s",
    )


def colour_tags(pair: Pair) -> Finding:
    """Primaries, transfer, matrix and range, as far as the output's kind of pixels has them.

    A range that is left unsaid is the one that players take: encoders state the usual one, or not, as they like.
    """
    if pair.pictures:
        return Finding("colour tags", True, "a folder of pictures has none; its values are the source's RGB")
    layout, codec = pair.written.pixel_format or "yuv420p", pair.codec
    wanted = tags_for(layout, pair.given.colour, codec is not None and codec.limited_only)
    found, promised = (_as_shown(tags, layout) for tags in (pair.written.colour, wanted))
    differing = [
        f"{name} is {found[name]} instead of {value}" for name, value in promised.items() if found[name] != value
    ]
    if differing:
        return Finding("colour tags", False, f"{', '.join(differing)} (numbers of H.273)")
    said = ", ".join(f"{name} {value}" for name, value in found.items())
    return Finding("colour tags", True, said if wanted == pair.given.colour else f"{said}: the source's, as {layout}")


def _as_shown(tags: ColourTags, layout: str) -> dict[str, int]:
    return asdict(replace(tags, range=tags.range or guess_range(layout)))


def resolution(pair: Pair) -> Finding:
    (height, width), (wanted_height, wanted_width) = pair.written.size, pair.given.size
    if (height, width) == (wanted_height, wanted_width):
        return Finding("resolution", True, f"{width}x{height}")
    return Finding("resolution", False, f"{width}x{height} instead of {wanted_width}x{wanted_height}")


def bit_depth(pair: Pair) -> Finding:
    there, wanted = pair.written.bit_depth, pair.given.bit_depth
    if there >= wanted:
        return Finding("bit depth", True, f"{there} bits" if there == wanted else f"{there} bits hold the {wanted}")
    return Finding("bit depth", False, f"{there} bits instead of {wanted}")


def transparency(pair: Pair) -> Finding:
    """Frames have none, so an edit leaves the source's out; that is named, and no fault."""
    if not pair.given.alpha:
        return Finding("transparency", True, "the source has none")
    return Finding("transparency", True, "the source's alpha channel is left out; its colours are compared without it")


def orientation(pair: Pair) -> Finding:
    """Turned sources are written upright, so that the output needs no turning; pixels keep their aspect."""
    if pair.written.rotation:
        return Finding("rotation and pixel aspect", False, f"marked to be turned by {pair.written.rotation} degrees")
    turned = f"upright; the source is marked to be turned by {pair.given.rotation} degrees"
    upright = turned if pair.given.rotation else "upright"
    if pair.pictures:
        return Finding("rotation and pixel aspect", True, f"{upright}; pictures do not state their pixels' aspect")
    aspect, wanted = pair.written.pixel_aspect, pair.given.pixel_aspect
    if aspect != wanted:
        return Finding("rotation and pixel aspect", False, f"pixels are {_ratio(aspect)} instead of {_ratio(wanted)}")
    return Finding("rotation and pixel aspect", True, f"{upright}, pixels are {_ratio(aspect)}")


def _picture_numbers(pair: Pair) -> Finding:
    """Pictures have no time; their names are the numbers of the source's frames."""
    names = [path.stem for path in list_pictures(pair.output_path)]
    wanted = [f"{index:05d}" for index in pair.frames]
    if names == wanted:
        return Finding("time stamps", True, f"pictures have none; they are numbered {names[0]} to {names[-1]}")
    missing = sorted(set(pair.frames) - {int(name) for name in names if name.isdecimal()})
    said = f"no picture of frame {listed(missing)}" if missing else f"numbered {names[0]} to {names[-1]}"
    return Finding("time stamps", False, f"{said}; wanted {wanted[0]} to {wanted[-1]}")


def _tick(pair: Pair) -> Fraction:
    """The length of the output's shortest step in time, in seconds."""
    with open_container(pair.output_path) as container:
        return video_stream(container, pair.output_path).time_base or Fraction(1, 1000)


def _milliseconds(time: Fraction) -> str:
    return f"{float(1000 * time):.3g} ms"


def _ratio(aspect: Fraction) -> str:
    return f"{aspect.numerator}:{aspect.denominator}"
