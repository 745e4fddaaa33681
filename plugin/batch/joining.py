"""Spans become one: masklets keep their ids throughout, pictures fade into each other where spans overlap.

Two masklets are the same object if their volumes in the frames that both spans have overlap by more than half. Where
the objects of a span do not cover each other, an object has at most one such partner (Kirillov et al. 2019, Panoptic
Segmentation, section 4.1), so taking the best pairs first gives the best of all matchings.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from plugin.batch.handover import MASKLETS
from plugin.batch.span_tracking import require_seen
from plugin.batch.spans import Span, parts
from plugin.batch.unit import Made
from plugin.exports import Material, find_format
from tam_core import rle
from tam_core.formats.masklet_json import read_masklets, write_masklets
from tam_core.masklet import Masklet
from tam_core.types import ObjectId, Pixels
from tam_core.video import Frame, open_video, write_video
from tam_core.video.codecs import choose_codec
from tam_core.video.colour import PLAIN_BITS
from tam_core.video.open import deepened

SAME = 0.5
"""IoU of volumes above which two masklets are one object."""


@dataclass(frozen=True)
class JoinMasks:
    """Inputs: the video, and a file of masklets for each of ``pieces``, its span; those of a chain share their ids.

    ``form``: an export format; None: by the name of the output, as in ``tam track``. Of two pieces of a chain with the
    same span, the first comes first.
    """

    pieces: tuple[Span, ...]
    chained: bool
    form: str | None = None

    def make(self, inputs: Sequence[Path], output: Path) -> Made:
        """Write the masklets of all spans as one file or folder."""
        source = open_video(inputs[0])
        found = [read_masklets(path / MASKLETS if path.is_dir() else path) for path in inputs[1:]]
        masklets = _concatenated(self.pieces, found) if self.chained else matched(self.pieces, found)
        require_seen(masklets)
        frames = range(min(one.start for one in self.pieces), max(one.stop for one in self.pieces))
        if output.suffix == ".json" and self.form is None:
            write_masklets(masklets, output, source.info)
        else:
            row = find_format(self.form or ("preview" if output.suffix else "davis"))
            for _ in row.write(Material(source, masklets, frames.start, frames.stop), output):
                pass
        seen = ", ".join(f"object {one.object_id} on {len(one.visible_frames)}" for one in masklets)
        return Made(len(frames), f"{output.name}: {seen} of {len(frames)} frames")


@dataclass(frozen=True)
class JoinPictures:
    """Inputs: the video, and a lossless file for each of ``spans``, with the frames from its start to its end."""

    spans: tuple[Span, ...]
    codec: str | None

    def make(self, inputs: Sequence[Path], output: Path) -> Made:
        """Write one video, encoded once, with the source's times and sound."""
        source = open_video(inputs[0])
        if choose_codec(output, self.codec).deepest > PLAIN_BITS:
            source = deepened(source)
        frames = joined_pictures(self.spans, inputs[1:], source.info.times or ())
        count = write_video(frames, output, like=source, codec=self.codec)
        return Made(count, f"{output.name}: {count} frames of {len(self.spans)} spans")


def matched(spans: Sequence[Span], found: Sequence[Sequence[Masklet]]) -> list[Masklet]:
    """The masklets of spans that were tracked on their own, as whole ones with ids of the first span they are in."""
    result: dict[ObjectId, Masklet] = {}
    before: dict[ObjectId, Masklet] = {}
    last = 0
    for number, (span, masklets) in enumerate(zip(spans, found, strict=True)):
        overlap = range(span.start, spans[number - 1].end) if number else range(0)
        ids = _partners(before, masklets, overlap) if number else {one.object_id: one.object_id for one in masklets}
        last = max([last, *ids.values()])
        for one in masklets:
            if one.object_id not in ids:
                last += 1
                ids[one.object_id] = last
        before = {ids[one.object_id]: replace(one, object_id=ids[one.object_id]) for one in masklets}
        middle = (span.start + span.start + len(overlap)) // 2  # each is farther from where it began there
        for object_id, one in before.items():
            mine = one.without(frame for frame in one.rles if frame < (middle if number else span.start))
            result[object_id] = _then(result.get(object_id), mine)
    return [result[object_id] for object_id in sorted(result)]


def volume_iou(one: Masklet, other: Masklet, frames: Iterable[int]) -> float | None:
    """IoU of two masklets over all of the frames at once, 0..1; None where neither is seen."""
    shared = total = 0
    for frame in frames:
        codes = [masklet.rles[frame] for masklet in (one, other) if frame in masklet.rles]
        union = rle.merge(codes).area if codes else 0
        total += union
        shared += sum(code.area for code in codes) - union
    return shared / total if total else None


def joined_pictures(spans: Sequence[Span], files: Sequence[Path], times: Sequence[Fraction]) -> Iterator[Frame]:
    """The frames of all spans in order, those of two that overlap faded from the one to the other."""
    streams = [deepened(open_video(path)).frames() for path in files]
    for frame, number, share in parts(list(spans)):
        pixels = next(streams[number]).pixels
        if share:
            pixels = _faded(next(streams[number - 1]).pixels, pixels, share)
        yield Frame(frame, times[frame], pixels)


def _faded(before: Pixels, after: Pixels, share: float) -> Pixels:
    mixed = before * np.float32(share) + after * np.float32(1 - share)
    result: Pixels = np.where(before == after, after, np.rint(mixed).astype(after.dtype))
    return result


def _partners(
    before: Mapping[ObjectId, Masklet], masklets: Sequence[Masklet], overlap: range
) -> dict[ObjectId, ObjectId]:
    """For masklets of a span, the ids of those before that are the same object."""
    scores = {(old, one.object_id): volume_iou(before[old], one, overlap) for old in before for one in masklets}
    pairs = sorted(
        ((iou, old, new) for (old, new), iou in scores.items() if iou is not None and iou > SAME), reverse=True
    )
    ids: dict[ObjectId, ObjectId] = {}
    for _, old, new in pairs:
        if new not in ids and old not in ids.values():
            ids[new] = old
    for number in before:  # not seen in the overlap by either: all that is known is its number
        if (number, number) in scores and scores[number, number] is None and number not in {*ids, *ids.values()}:
            ids[number] = number
    return ids


def _concatenated(spans: Sequence[Span], found: Sequence[Sequence[Masklet]]) -> list[Masklet]:
    """The own frames of each span, of a chain in which numbers say who is who."""
    result: dict[ObjectId, Masklet] = {}
    for span, masklets in zip(spans, found, strict=True):
        for one in masklets:
            earlier = result.get(one.object_id)
            taken = set() if earlier is None else set(earlier.rles)
            own = one.without(f for f in one.rles if not span.start <= f < span.stop or f in taken)
            result[one.object_id] = _then(earlier, own)
    return [result[object_id] for object_id in sorted(result)]


def _then(earlier: Masklet | None, later: Masklet) -> Masklet:
    """One masklet of two; where both have a frame, the later one counts."""
    if earlier is None:
        return later
    return Masklet(
        later.object_id,
        later.size,
        {**earlier.rles, **later.rles},
        {**earlier.scores, **later.scores},
        {**earlier.flags, **later.flags},
    )
