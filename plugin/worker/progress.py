"""How far a job is, how fast it goes, and when it will be done."""

from dataclasses import dataclass

_SETTLED = 20
"""Steps after which a new one counts a twentieth of the pace."""


@dataclass
class Progress:
    """Steps and their pace in seconds: at first the mean, then smoothed, so that the end does not jump about."""

    done: int = 0
    pace: float = 0.0
    seconds: float = 0.0
    _since: float = 0.0
    """Seconds since a step was done."""

    def reach(self, done: int, seconds: float) -> None:
        """Another so many seconds, after which ``done`` steps are done."""
        self._since += seconds
        steps = done - self.done
        for _ in range(steps):
            self.step(self._since / steps)
        if steps > 0:
            self._since = 0.0

    def step(self, seconds: float) -> None:
        """One more, which took so long."""
        self.done += 1
        self.seconds += seconds
        self.pace += (seconds - self.pace) / min(self.done, _SETTLED)

    @property
    def rate(self) -> float:
        """Steps a second; 0 while that is not known."""
        return 1 / self.pace if self.pace > 0 else 0.0

    def eta(self, total: int | None) -> float | None:
        """Seconds until ``total`` steps are done, or None while that is not known."""
        return max(0, total - self.done) * self.pace if total is not None and self.done else None
