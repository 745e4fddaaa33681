"""The queue and the statistics as lines for a terminal."""

from collections.abc import Iterator, Sequence

from tam_core.annotate.queue import Entry
from tam_core.annotate.statistics import MaskletNumbers, PhaseNumbers, Statistics


def queue_lines(entries: Sequence[Entry]) -> Iterator[str]:
    """A line for each video."""
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        state = f"taken by {entry.holder}" if entry.holder else entry.state
        by = f", by {entry.annotator}" if entry.annotator else ""
        note = f": {entry.note}" if entry.note else ""
        yield f"{entry.name:{width}s}  {state}{by}{note}"


def statistics_lines(found: Statistics) -> Iterator[str]:
    """Tables 3 and 1 of SAM 2, and a line for each masklet."""
    yield f"videos          {found.videos} of {found.of_videos}, {found.duration / 60:.1f} min"
    yield f"masklets        {found.masklets} manual, {found.satisfactory} satisfactory; {found.automatic} automatic"
    yield f"frames          {found.frames} annotated (six a second)"
    yield f"masks           {found.masks}"
    yield f"disappearance   {found.disappearance:.1%} of the masklets go and come back"
    yield f"sizes           {found.small:.0%} small, {found.medium:.0%} medium, {found.large:.0%} large"
    yield ""
    yield "phase                masklets  s a frame  engines  edited frames  interactions a edited frame"
    for phase in found.phases:
        yield _phase(phase)
    if found.each:
        yield ""
        yield from _masklets(found.each)


def _phase(row: PhaseNumbers) -> str:
    title = f"{row.phase} {row.title:18s} {row.masklets:8d}"
    if row.seconds is None or row.machine_seconds is None or row.edited is None or row.clicks is None:
        return title
    return f"{title}  {row.seconds:9.1f}  {row.machine_seconds:7.2f}  {row.edited:13.1%}  {row.clicks:27.2f}"


def _masklets(each: Sequence[MaskletNumbers]) -> Iterator[str]:
    width = max(5, *(len(one.video) for one in each))
    yield f"{'video':{width}s}  object phase  frames edited  seconds  s a frame  engines  interactions  state"
    for one in each:
        frames = max(1, one.frames)
        yield (
            f"{one.video:{width}s}  {one.object_id:6d} {one.phase:5d}  {one.frames:6d} {one.edited:6d}  "
            f"{one.seconds:7.0f}  {one.seconds / frames:9.1f}  {one.machine_seconds:7.1f}  {one.interactions:12d}  "
            f"{one.state} ({one.annotator})"
        )
