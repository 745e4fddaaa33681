"""The job that says what a removal will be like, before it is done."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from inpaint.forecast import Forecast as Told
from inpaint.forecast import forecast
from inpaint.holes import holes_of, require_visible
from plugin.catalogue import REMOVE, settled
from plugin.link import wire
from plugin.stepwise import Pace, stepwise
from plugin.worker import asked
from plugin.worker.opened import OpenSession
from plugin.worker.tasks import Work, frames_of, masklets_of, named
from plugin.worker.watched import WatchedSource

if TYPE_CHECKING:
    from plugin.worker.worker import Worker


class Forecast(Work):
    """Looks at some frames, and tries the inpainter on a few. It leaves nothing but its ``outcome``."""

    kind = "forecast"

    def __init__(self, worker: "Worker", opened: OpenSession, request: wire.RemoveRequest) -> None:
        super().__init__(worker, opened)  # without the request: nobody waits for it after a restart
        self._row = asked.filler_row(request.inpainter, worker)
        known = asked.together(REMOVE, self._row.parameters)
        self._values = settled(known, request.parameters, f"'remove' with {self._row.name}")
        asked.check_model(str(self._values.get("model", "")), worker)
        self._memory = asked.memory_of(self._values)
        self._objects, self._frames = request.objects, frames_of(opened, request.start, request.stop)
        self.gated = asked.needs_gate(self._row)
        with opened.lock:
            masklets = list(masklets_of(opened.session, self._objects).values())
            self.title = f"forecast for {named(opened.session, self._objects)}"
        require_visible(holes_of(masklets, masklets[0].size, 0, 0), self._frames)

    def run(self) -> Iterator[None]:
        """A step for every frame that is read, as far as they come apart."""
        told: list[Told] = []
        pace = Pace()
        with self._worker.sessions.using(self._id) as opened:
            with opened.lock:
                masklets = list(masklets_of(opened.session, self._objects).values())
            source = WatchedSource(opened.open_source(), pace)

            def look(_: Iterator[None]) -> None:
                told.append(
                    forecast(
                        source,
                        masklets,
                        inpainter=self._row.load(self._worker.device, **asked.of_loader(self._row, self._values)),
                        grow=int(self._values["grow"]),
                        start=self._frames.start,
                        stop=self._frames.stop,
                        memory=self._memory,
                    )
                )

            nothing: tuple[None, ...] = ()
            yield from stepwise(look, nothing, pace)
        self.outcome = _on_the_wire(told[0])
        self.result = (
            f"at most about {told[0].seen:.0%} of what is hidden is seen on other frames; removing takes about "
            f"{max(told[0].seconds, 1):.0f} s and {told[0].memory:.1f} GB"
        )


def _on_the_wire(told: Told) -> wire.Forecast:
    return wire.Forecast(
        seen=told.seen,
        worst=[wire.FrameForecast(one.frame, one.hole, one.seen) for one in told.worst],
        seconds=told.seconds,
        memory=told.memory,
        frames=told.frames,
        looked_at=told.looked_at,
    )
