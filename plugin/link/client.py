"""Everything that can be asked of the worker, one method each, in the messages of ``wire.py``.

Every method waits for its answer and raises LinkError. A host's main thread must not wait: there, write
``pending = client.later(client.prompt, session_id, request)`` and look at ``pending.done`` from a timer.
"""

import os
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from . import wire
from .errors import LinkError, ProtocolMismatch
from .events import Mailbox
from .pending import Line, Pending
from .transport import Body, Transport, address

P = ParamSpec("P")
T = TypeVar("T")


class Client:
    """The worker at ``url``; ``launch.find_or_start`` makes one. Any number of threads can use it.

    ``timeout``: seconds without a sign of life after which the worker counts as gone. The first click of a session may
    load a network. After a WorkerGone, ``find_or_start`` makes a new client: a new worker has another token, but knows
    the same sessions by the same ids.
    """

    def __init__(self, url: str, token: str, timeout: float = 120) -> None:
        self.url, self.token = url, token
        self._transport = Transport(url, token, timeout)
        self._line = Line()

    def later(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Pending[T]:
        """Ask on a thread beside. What is asked of one client so is answered in the order of asking.

        Pictures that shall not wait for a click are asked of a second client of the same worker.
        """
        return self._line.later(method, *args, **kwargs)

    def close(self) -> None:
        """End the thread of ``later``."""
        self._line.close()

    # The service

    def health(self) -> wire.Health:
        return self._answer(wire.Health, "GET", "/health")

    def check(self) -> wire.Health:
        """The same, or ProtocolMismatch if we would not understand each other."""
        health = self.health()
        if health.protocol != wire.PROTOCOL:
            older = "the worker" if health.protocol < wire.PROTOCOL else "this program"
            raise ProtocolMismatch(
                f"the worker (tam-studio {health.version}) speaks protocol {health.protocol}, "
                f"this program {wire.PROTOCOL}: update {older}"
            )
        return health

    def catalogue(self) -> wire.Catalogue:
        return self._answer(wire.Catalogue, "GET", address("catalogue"))

    def fetch_engine(self, name: str) -> wire.Job:
        return self._answer(wire.Job, "POST", address("engines", name, "fetch"))

    def release_engines(self) -> None:
        """Free the memory of engines that no open session uses."""
        self._transport.exchange("POST", address("engines", "release"))

    def limits(self) -> wire.Limits:
        return self._answer(wire.Limits, "GET", address("limits"))

    def set_limits(self, limits: wire.Limits) -> wire.Limits:
        """For this worker and later ones."""
        return self._send(wire.Limits, "PUT", address("limits"), limits)

    def metrics(self) -> str:
        """Numbers for Prometheus."""
        return self._transport.exchange("GET", "/metrics").decode()

    def upload(self, path: Path) -> wire.Upload:
        """Send a file that the worker cannot reach itself."""
        try:
            with open(path, "rb") as file:
                size = {"Content-Length": str(os.fstat(file.fileno()).st_size)}
                return self._answer(wire.Upload, "POST", address("uploads", name=path.name), file, size)
        except OSError as error:
            raise LinkError(f"{path} cannot be read: {error.strerror or error}") from error

    # Sessions

    def sessions(self) -> list[wire.SessionEntry]:
        return self._answer(list[wire.SessionEntry], "GET", address("sessions"))

    def open(self, request: wire.OpenRequest) -> wire.SessionState:
        return self._send(wire.SessionState, "POST", address("sessions"), request)

    def state(self, session_id: str) -> wire.SessionState:
        return self._answer(wire.SessionState, "GET", address("sessions", session_id))

    def close_session(self, session_id: str) -> None:
        """Its project stays."""
        self._transport.exchange("DELETE", address("sessions", session_id))

    def times(self, session_id: str) -> list[float]:
        """Seconds of every frame."""
        return self._answer(list[float], "GET", address("sessions", session_id, "times"))

    def frame(self, session_id: str, frame: int, width: int | None = None, of: str = "source") -> bytes:
        """A JPEG of a frame of the "source" or of the "removal", at least ``width`` wide unless the video is not."""
        return self._transport.exchange("GET", address("sessions", session_id, "frames", frame, width=width, of=of))

    def provenance(self, session_id: str) -> wire.Provenance:
        """Where the pixels of the session's edit are from, all together."""
        return self._answer(wire.Provenance, "GET", address("sessions", session_id, "provenance"))

    def provenance_picture(self, session_id: str, frame: int, width: int | None = None) -> bytes:
        """The same of a frame, as a PNG to be laid over it: a colour for each pixel, transparent where untouched."""
        return self._transport.exchange("GET", address("sessions", session_id, "provenance", frame, width=width))

    def filmstrip(self, session_id: str, count: int, height: int) -> bytes:
        """A JPEG of ``count`` frames side by side, spread over the video."""
        return self._transport.exchange("GET", address("sessions", session_id, "filmstrip", count=count, height=height))

    def masks(
        self, session_id: str, start: int = 0, stop: int | None = None, objects: Iterable[int] | None = None
    ) -> list[wire.FrameMasks]:
        """The masks that are known of the frames ``start`` .. ``stop`` (exclusive); of at most 5000 frames at once."""
        chosen = None if objects is None else ",".join(str(one) for one in objects)
        path = address("sessions", session_id, "masks", start=start, stop=stop, objects=chosen)
        return self._answer(list[wire.FrameMasks], "GET", path)

    def events(self, session_id: str) -> Mailbox:
        """What happens in the session from now on."""
        return Mailbox(self._transport, address("sessions", session_id, "events"))

    # The user's words

    def prompt(self, session_id: str, request: wire.PromptRequest) -> wire.PromptAnswer:
        return self._send(wire.PromptAnswer, "POST", address("sessions", session_id, "prompts"), request)

    def preview(self, session_id: str, request: wire.PromptRequest) -> wire.PromptAnswer:
        """What ``prompt`` would find; nothing changes."""
        return self._send(wire.PromptAnswer, "POST", address("sessions", session_id, "preview"), request)

    def undo(self, session_id: str) -> wire.SessionState:
        return self._answer(wire.SessionState, "POST", address("sessions", session_id, "undo"))

    def redo(self, session_id: str) -> wire.SessionState:
        return self._answer(wire.SessionState, "POST", address("sessions", session_id, "redo"))

    def change_object(self, session_id: str, object_id: int, change: wire.ObjectChange) -> wire.SessionState:
        return self._send(wire.SessionState, "PATCH", address("sessions", session_id, "objects", object_id), change)

    def drop_object(self, session_id: str, object_id: int, from_frame: int | None = None) -> wire.SessionState:
        """Forget it, or let it end at a frame."""
        path = address("sessions", session_id, "objects", object_id, from_frame=from_frame)
        return self._answer(wire.SessionState, "DELETE", path)

    def change_engines(self, session_id: str, change: wire.EngineChange) -> wire.SessionState:
        return self._send(wire.SessionState, "PATCH", address("sessions", session_id, "engines"), change)

    def answer_proposal(self, session_id: str, index: int, accept: bool) -> wire.SessionState:
        path = address("sessions", session_id, "proposals", index)
        return self._send(wire.SessionState, "POST", path, wire.ProposalAnswer(accept))

    # Long work: the answer is a job, which goes on without the client

    def track(self, session_id: str, request: wire.TrackRequest) -> wire.Job:
        return self._send(wire.Job, "POST", address("sessions", session_id, "track"), request)

    def remove(self, session_id: str, request: wire.RemoveRequest) -> wire.Job:
        return self._send(wire.Job, "POST", address("sessions", session_id, "remove"), request)

    def edit(self, session_id: str, operation: str, request: wire.RemoveRequest) -> wire.Job:
        """Any operation of the catalogue that makes new pictures, by its name: "remove", "effect" ..."""
        return self._send(wire.Job, "POST", address("sessions", session_id, operation), request)

    def forecast(self, session_id: str, request: wire.RemoveRequest) -> wire.Job:
        """What the removal that is asked for will be like; the answer is the job's ``outcome``."""
        return self._send(wire.Job, "POST", address("sessions", session_id, "forecast"), request)

    def export(self, session_id: str, request: wire.ExportRequest) -> wire.Job:
        return self._send(wire.Job, "POST", address("sessions", session_id, "export"), request)

    def jobs(self) -> list[wire.Job]:
        return self._answer(list[wire.Job], "GET", address("jobs"))

    def job(self, job_id: str) -> wire.Job:
        return self._answer(wire.Job, "GET", address("jobs", job_id))

    def cancel_job(self, job_id: str) -> wire.Job:
        return self._answer(wire.Job, "POST", address("jobs", job_id, "cancel"))

    def pause_job(self, job_id: str) -> wire.Job:
        return self._answer(wire.Job, "POST", address("jobs", job_id, "pause"))

    def resume_job(self, job_id: str) -> wire.Job:
        return self._answer(wire.Job, "POST", address("jobs", job_id, "resume"))

    def save_job_file(self, job_id: str, path: Path) -> None:
        """Write what a job made to ``path``, whole or not at all."""
        temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.part{path.suffix}")
        try:
            with open(temporary, "xb") as file:
                for block in self._transport.blocks(address("jobs", job_id, "file")):
                    file.write(block)
            os.replace(temporary, path)
        except OSError as error:
            raise LinkError(f"{path} cannot be written: {error.strerror or error}") from error
        finally:
            temporary.unlink(missing_ok=True)

    # Live streams

    def open_live(self, request: wire.LiveRequest) -> wire.Live:
        return self._send(wire.Live, "POST", address("live"), request)

    def prompt_live(self, live_id: str, request: wire.PromptRequest) -> wire.FrameMasks:
        """Prompts for the newest frame."""
        return self._send(wire.FrameMasks, "POST", address("live", live_id, "prompts"), request)

    def push_frame(self, live_id: str, picture: bytes) -> wire.Live:
        """A frame as JPEG or PNG. Its masks come as an event, unless a newer frame overtakes it."""
        kind = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
        return self._answer(wire.Live, "POST", address("live", live_id, "frames"), picture, {"Content-Type": kind})

    def live_events(self, live_id: str) -> Mailbox:
        return Mailbox(self._transport, address("live", live_id, "events"))

    def close_live(self, live_id: str) -> None:
        self._transport.exchange("DELETE", address("live", live_id))

    def _send(self, kind: type[T], method: str, path: str, message: Any) -> T:
        return self._answer(kind, method, path, wire.to_json(message).encode(), {"Content-Type": "application/json"})

    def _answer(
        self, kind: type[T], method: str, path: str, body: Body = None, headers: dict[str, str] | None = None
    ) -> T:
        said = self._transport.exchange(method, path, body, headers)
        try:
            return wire.from_json(kind, said)
        except wire.WireError as error:
            raise LinkError(f"the worker's answer to {method} {path} is not understood: {error}") from error
