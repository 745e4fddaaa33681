"""How the worker does, in numbers that Prometheus reads: requests, the time that clicks take, jobs, memory."""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOUNDS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""Seconds, upper bounds of the histogram."""
_SESSIONS, _CLICKS = "/api/sessions/", ("/prompts", "/preview")


class Metrics:
    """Counted since the worker started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._clicks: Counter[float] = Counter()
        self._click_seconds = 0.0

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered. Routes are templates, so that ids do not fill the memory."""
        with self._lock:
            self._requests[method, route, status] += 1
            if route.startswith(_SESSIONS) and route.endswith(_CLICKS) and status == 200:
                self._clicks[next((bound for bound in BOUNDS if seconds <= bound), float("inf"))] += 1
                self._click_seconds += seconds

    def text(self, jobs: Iterable[str], sessions: int) -> str:
        """In Prometheus' text format, version 0.0.4. ``jobs`` are the states of all jobs."""
        with self._lock:
            requests, clicks, seconds = Counter(self._requests), Counter(self._clicks), self._click_seconds
        lines = [
            "# TYPE tam_requests_total counter",
            *(
                f'tam_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
                for (method, route, status), count in sorted(requests.items())
            ),
            "# HELP tam_click_seconds From a click's arrival to its mask.",
            "# TYPE tam_click_seconds histogram",
            *_histogram(clicks),
            f"tam_click_seconds_sum {seconds:.6f}",
            f"tam_click_seconds_count {clicks.total()}",
            "# TYPE tam_jobs gauge",
            *(f'tam_jobs{{status="{status}"}} {count}' for status, count in sorted(Counter(jobs).items())),
            "# TYPE tam_sessions_open gauge",
            f"tam_sessions_open {sessions}",
        ]
        if resident := resident_bytes():
            lines += ["# TYPE process_resident_memory_bytes gauge", f"process_resident_memory_bytes {resident}"]
        return "\n".join(lines) + "\n"


def _histogram(clicks: Counter[float]) -> Iterator[str]:
    total = 0
    for bound in (*BOUNDS, float("inf")):
        total += clicks[bound]
        yield f'tam_click_seconds_bucket{{le="{"+Inf" if bound == float("inf") else bound}"}} {total}'


def resident_bytes() -> int:
    """Memory of this process, or 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


class Measured:
    """Counts the requests to an app."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "unknown")
                self._metrics.count(scope["method"], route, message["status"], time.monotonic() - started)
            await send(message)

        await self._app(scope, receive, counting)
