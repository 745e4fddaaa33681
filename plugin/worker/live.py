"""Live streams: pictures are pushed in, masks come out. The newest picture wins when the engine is behind.

A stream keeps two pictures, the newest that was worked on and the newest that waits, however many came. Prompts are for
the former: it is the one whose masks the person sees.
"""

import itertools
import logging
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from plugin.link import wire
from plugin.worker.convert import masks_of
from plugin.worker.engines import Engines
from plugin.worker.events import Events
from plugin.worker.gate import Gate
from plugin.worker.problems import TooLargeError, UnknownIdError
from tam_core.engines.base import FrameMasks, Segmenter, Tracker
from tam_core.errors import PromptError, RequestError
from tam_core.prompts import Click, MaskPrompt, Prompt, check_prompt
from tam_core.types import Mask, ObjectId, Pixels
from tam_core.video.source import Frame, VideoInfo

LONGEST_SIDE = 8192
MOST_STREAMS = 8
IDLE_SECONDS = 600.0
"""A stream that gets no picture for so long is closed."""
RATE = Fraction(30)

_LOG = logging.getLogger("tam.worker")


@dataclass(frozen=True)
class _Arrived:
    number: int
    pixels: Pixels = field(repr=False)
    time: float


class LiveStream:
    """One stream, worked on in a thread of its own, under the gate."""

    def __init__(
        self, request: wire.LiveRequest, engines: tuple[Tracker, Segmenter], gate: Gate, events: Events
    ) -> None:
        self.id = secrets.token_hex(8)
        self.size = request.height, request.width
        self._tracker, self._segmenter = self.engines = engines
        self._gate, self._events = gate, events
        self._state = self._tracker.start(VideoInfo(request.width, request.height, RATE))
        self._followed: set[ObjectId] = set()
        self._shown: Frame | None = None
        self._masks: dict[ObjectId, Mask] = {}
        self._embedding: tuple[int, Any] | None = None
        self._changed = threading.Condition()
        self._waiting: _Arrived | None = None
        self._numbers = itertools.count()
        self._facts = wire.Live(self.id)
        self._open = True
        events.begin(self.id)
        self._thread = threading.Thread(target=self._work, name=f"tam-live-{self.id}", daemon=True)
        self._thread.start()

    @property
    def open(self) -> bool:
        """False when it was closed, or nothing came for a long time."""
        return self._open

    @property
    def facts(self) -> wire.Live:
        """How it goes."""
        with self._changed:
            return self._facts

    def push(self, pixels: Pixels) -> wire.Live:
        """The newest picture (H, W, 3). One that still waits gives way to it. Raises RequestError for another size."""
        if pixels.shape[:2] != self.size:
            height, width = self.size
            raise RequestError(f"a picture of {pixels.shape[1]}x{pixels.shape[0]} in a stream of {width}x{height}")
        with self._changed:
            facts, skipped = self._facts, self._waiting is not None
            self._waiting = _Arrived(next(self._numbers), pixels, time.monotonic())
            self._facts = replace(facts, received=facts.received + 1, skipped=facts.skipped + skipped)
            self._changed.notify_all()
            return self._facts

    def prompt(self, prompts: Sequence[Prompt]) -> FrameMasks:
        """Objects on the newest picture that was worked on; they are followed from there. Raises PromptError."""
        if not prompts:
            raise PromptError("no prompt was given")
        with self._gate.now():
            if self._shown is None:
                raise PromptError("no picture of this stream was worked on yet: send one first")
            here = [replace(prompt, frame=self._shown.index) for prompt in prompts]
            for prompt in here:
                check_prompt(prompt, self.size, None)
            by_object: dict[ObjectId, list[Prompt]] = {}
            for prompt in here:
                by_object.setdefault(prompt.object_id, []).append(prompt)
            masks = {object_id: self._segmented(self._shown, said) for object_id, said in by_object.items()}
            given = [MaskPrompt(self._shown.index, object_id, mask) for object_id, mask in masks.items()]
            self._tracker.condition(self._state, self._shown, given)
            self._followed.update(masks)
            found = self._stepped(self._shown)
        self._tell(found, 0.0)
        return found

    def close(self) -> None:
        """Ends after the picture that is worked on."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        self._events.forget(self.id)

    def _segmented(self, frame: Frame, prompts: list[Prompt]) -> Mask:
        """The mask of one object: what is followed already, corrected by clicks, or what the prompts say."""
        followed = self._masks.get(prompts[0].object_id)
        if all(isinstance(prompt, Click) for prompt in prompts) and followed is not None and followed.any():
            prompts = [MaskPrompt(frame.index, prompts[0].object_id, followed), *prompts]
        if self._embedding is None or self._embedding[0] != frame.index:
            self._embedding = frame.index, self._segmenter.embed(frame.pixels)
        mask = self._segmenter.segment(self._embedding[1], prompts).best
        if not mask.any():
            raise PromptError(f"nothing was found for object {prompts[0].object_id}: click on the object itself")
        return mask

    def _work(self) -> None:
        while arrived := self._next():
            try:
                with self._gate.now():
                    found = self._stepped(Frame(arrived.number, arrived.number / RATE, arrived.pixels))
                self._tell(found, time.monotonic() - arrived.time)
            except Exception:  # one picture that an engine fails on does not end the stream
                _LOG.exception("live stream %s failed on picture %d", self.id, arrived.number)
        self.close()

    def _next(self) -> _Arrived | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self._open, IDLE_SECONDS)
            arrived, self._waiting = self._waiting, None
            return arrived if self._open else None

    def _stepped(self, frame: Frame) -> FrameMasks:
        """The followed objects on a frame. With the gate held."""
        found = self._tracker.step(self._state, frame) if self._followed else FrameMasks(frame.index, {}, {})
        self._shown, self._masks = frame, dict(found.masks)
        return found

    def _tell(self, found: FrameMasks, latency: float) -> None:
        with self._changed:
            self._facts = replace(self._facts, latency=latency or self._facts.latency)
        self._events.publish(self.id, wire.MasksEvent(frame=found.frame, masks=masks_of(found), latency=latency))


class Live:
    """The open streams, by id."""

    def __init__(self, engines: Engines, gate: Gate, events: Events, device: str) -> None:
        self._engines, self._gate, self._events, self._device = engines, gate, events, device
        self._lock = threading.Lock()
        self._streams: dict[str, LiveStream] = {}

    def open(self, request: wire.LiveRequest) -> LiveStream:
        """Raises RequestError, TooLargeError, EngineNotReadyError."""
        if not (16 <= request.width <= LONGEST_SIDE and 16 <= request.height <= LONGEST_SIDE):
            raise TooLargeError(f"{request.width}x{request.height} pixels: a stream has 16 to {LONGEST_SIDE} a side")
        with self._lock:
            self._streams = {key: stream for key, stream in self._streams.items() if stream.open}
            if len(self._streams) >= MOST_STREAMS:
                raise RequestError(f"{MOST_STREAMS} live streams are open already: close one first")
        with self._gate.now():
            tracker = self._engines.load(request.engine, "tracker", self._device)
            segmenter = self._engines.load(request.segmenter, "segmenter", self._device)
        stream = LiveStream(request, (tracker, segmenter), self._gate, self._events)
        with self._lock:
            self._streams[stream.id] = stream
        return stream

    def get(self, stream_id: str) -> LiveStream:
        """Raises UnknownIdError."""
        with self._lock:
            stream = self._streams.get(stream_id)
        if stream is None or not stream.open:
            raise UnknownIdError(f"no live stream {stream_id[:32]!r}: it is not known, or was closed")
        return stream

    def close(self, stream_id: str) -> None:
        """Raises UnknownIdError."""
        self.get(stream_id).close()
        with self._lock:
            self._streams.pop(stream_id, None)

    @property
    def engines(self) -> list[Any]:
        """Those in use."""
        with self._lock:
            return [engine for stream in self._streams.values() if stream.open for engine in stream.engines]

    def close_all(self) -> None:
        """For the end of the worker."""
        with self._lock:
            streams, self._streams = list(self._streams.values()), {}
        for stream in streams:
            stream.close()
