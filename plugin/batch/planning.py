"""From rows to units: one for a short clip, several for a long one, and what each of them needs.

A clip in spans: units that track, one that joins the masks, units that edit, one that joins the pictures.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from plugin.batch import storage
from plugin.batch.joining import JoinMasks, JoinPictures
from plugin.batch.manifest import Row
from plugin.batch.span_tracking import TrackAlone, TrackSpan, Way
from plugin.batch.spans import Cutting, Span, spans_of
from plugin.batch.tasks import Command
from plugin.batch.unit import Task, Unit
from plugin.batch.words import Word, checked_call, files_in, has_option, with_files
from tam_core.errors import RequestError

OWN = "tam-batch"
"""The folder in that of the results where records lie, and for a while what spans leave for each other."""

LOSSLESS = ".mkv"
_PROMPTS = ("click", "not", "box", "mask", "text")
_EDITS = ("remove", "effect")


@dataclass
class Planner:
    """Makes the units of rows. ``alone``: spans begin by the prompts in them, and not where the one before ended."""

    output: str
    cutting: Cutting | None = None
    alone: bool = False
    _prints: dict[str, str] = field(default_factory=dict)

    def units(self, row: Row) -> list[Unit]:
        """What is to be done for a row, in an order in which it can be done. Raises RequestError."""
        spans = self._spans(row)
        try:
            return self._whole(row) if len(spans) == 1 else list(self._in_spans(row, spans))
        except RequestError as error:
            raise type(error)(f"line {row.line}: {error}") from error

    def _spans(self, row: Row) -> list[Span]:
        whole = [Span(0, 1, 1)]
        can = row.operation in ("track", *_EDITS) and "cutout" not in str(row.value("background"))
        if self.cutting is None or not can:
            return whole
        from tam_core.video import open_video

        count = open_video(storage.fetch(row.input)).info.frame_count or 0
        given = checked_call(row.operation, row.input, row.output, row.words).given
        frames = range(given["start"], count if given["stop"] is None else given["stop"])
        return spans_of(frames, self.cutting) if 0 <= frames.start < frames.stop <= count else whole

    def _whole(self, row: Row) -> list[Unit]:
        """The row as one command."""
        words, files = _numbered(row.operation, row.words, [row.input])
        return [self._unit(row, "clip", Command(row.operation, words), files, [])]

    def _in_spans(self, row: Row, spans: list[Span]) -> Iterator[Unit]:
        if row.operation == "track":
            yield from self._tracked(row, spans, row.words, final=True)
            return
        tracked: list[Unit] = []
        words = _without(row.words, ("codec", "start", "stop"))
        if row.value("masks") is None:
            tracked = list(self._tracked(row, spans, row.words, final=False))
            yield from tracked
            taken = (*_PROMPTS, "engine", "segmenter", "across-cuts")
            words = (*_without(words, taken), ("masks", tracked[-1].output))
        edited = list(self._edited(row, spans, words, tracked[-1:]))
        yield from edited
        codec = row.value("codec")
        task = JoinPictures(tuple(spans), codec if isinstance(codec, str) else None)
        yield self._unit(row, "join", task, [row.input, *(unit.output for unit in edited)], edited)

    def _edited(
        self, row: Row, spans: Sequence[Span], words: tuple[Word, ...], needs: Sequence[Unit]
    ) -> Iterator[Unit]:
        numbered, files = _numbered(row.operation, words, [row.input])
        for number, span in enumerate(spans):
            own: tuple[Word, ...] = (("start", str(span.start)), ("stop", str(span.end)), ("codec", "ffv1"))
            task = Command(row.operation, (*numbered, *own))
            yield self._unit(row, f"{row.operation}-{number:03d}", task, files, needs, LOSSLESS)

    def _tracked(self, row: Row, spans: list[Span], words: tuple[Word, ...], final: bool) -> Iterator[Unit]:
        form = row.value("format")
        only = tuple(word for word in words if has_option("track", word[0]) and word[0] not in ("format", "codec"))
        numbered, files = _numbered("track", only, [row.input])
        if self.alone:
            pieces = [
                self._unit(row, f"track-{number:03d}", TrackAlone("track", numbered, span), files, [], ".json")
                for number, span in enumerate(spans)
            ]
            covered = spans
        else:
            pieces, covered = self._chains(row, spans, numbered, files)
        yield from pieces
        join = JoinMasks(tuple(covered), not self.alone, str(form) if form and final else None)
        inputs = [row.input, *(unit.output for unit in pieces)]
        yield self._unit(row, "masks", join, inputs, pieces, None if final else ".json")

    def _chains(
        self, row: Row, spans: list[Span], words: tuple[Word, ...], files: list[str]
    ) -> tuple[list[Unit], list[Span]]:
        """Forward from the first prompt, and backward from the last: objects prompted later came from somewhere."""
        prompted = _prompted_frames(words)
        forward = [span for span in spans if span.stop > min(prompted)]
        backward = [span for span in reversed(spans) if span.start < max(prompted)]
        units: list[Unit] = []
        for way, chain in (("forward", forward), ("backward", backward)):
            units += self._chain(row, way, chain, words, files)  # type: ignore[arg-type]
        return units, [*forward, *backward]

    def _chain(
        self, row: Row, way: Way, spans: list[Span], words: tuple[Word, ...], files: list[str]
    ) -> Iterator[Unit]:
        before: list[Unit] = []
        for span in spans:
            task = TrackSpan("track", words, span, way, bool(before))
            inputs = [*files, *(unit.output for unit in before)]
            unit = self._unit(row, f"{way}-{span.start:06d}", task, inputs, before, "")
            yield unit
            before = [unit]

    def _unit(
        self, row: Row, part: str, task: Task, inputs: list[str], needs: Sequence[Unit], suffix: str | None = None
    ) -> Unit:
        """``suffix`` of something on the way; None: it is the row's result."""
        final = suffix is None
        base = re.sub(r"[^\w.-]", "_", row.output)
        name = f"{base}.{hashlib.sha256(row.output.encode()).hexdigest()[:6]}-{part}"
        output = storage.joined(self.output, row.output if final else f"{OWN}/spans/{name}{suffix}")
        made = {unit.output: unit.key for unit in needs}
        known = [made.get(path) or self._print(path) for path in inputs]
        key = hashlib.sha256("\0".join([repr(task), PurePosixPath(output).name, *known]).encode()).hexdigest()[:24]
        record = storage.joined(self.output, f"{OWN}/records/{name}.json")
        needed = tuple(unit.name for unit in needs)
        return Unit(name, row.line, task, tuple(inputs), output, record, key, needed, row.on, final)

    def _print(self, path: str) -> str:
        if path not in self._prints:
            self._prints[path] = storage.fingerprint(path)
        return self._prints[path]


def _numbered(operation: str, words: Sequence[Word], inputs: list[str]) -> tuple[tuple[Word, ...], list[str]]:
    """The words with files as numbers among the inputs; and these inputs."""
    files = list(dict.fromkeys([*inputs, *files_in(operation, words)]))
    return with_files(operation, words, lambda path: f"./{files.index(path)}"), files


def _without(words: Sequence[Word], names: Sequence[str]) -> tuple[Word, ...]:
    return tuple(word for word in words if word[0] not in names)


def _prompted_frames(words: Sequence[Word]) -> set[int]:
    """The frames that prompts are on. Raises RequestError without any."""
    said = [re.search(r"@(\d+)$", str(value)) for name, value in words if name in _PROMPTS]
    if not said:
        raise RequestError(f"say what to track: one of {', '.join(_PROMPTS)}, or masks")
    return {int(found[1]) if found else 0 for found in said}
