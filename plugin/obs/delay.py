"""How long the picture has to wait for its mask. It knows numbers only.

A delay that follows every measurement would make the picture jump. So it is set by the slow ones among the last
measurements, in steps, and changed only when it is clearly wrong.
"""

from collections import deque

STEP = 0.05
MOST = 2.0
"""Beyond it, a person no longer knows what they look at: the mask then stays behind."""
KEPT = 20


class Delay:
    """``seconds`` is what the picture has to be delayed by now."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._ages: deque[float] = deque(maxlen=KEPT)

    def learn(self, age: float) -> bool:
        """A mask came ``age`` seconds after its picture. True if the delay has changed."""
        self._ages.append(age)
        if len(self._ages) < 3:
            return False
        slow = sorted(self._ages)[len(self._ages) * 3 // 4]
        wanted = min(round((slow + STEP) / STEP) * STEP, MOST)
        if abs(wanted - self.seconds) <= max(STEP, 0.25 * self.seconds):
            return False
        self.seconds = wanted
        return True


def parts(seconds: float, longest: float) -> list[float]:
    """A delay as several of at most ``longest`` seconds, for a filter that can do no more."""
    whole, rest = divmod(round(seconds * 1000), round(longest * 1000))
    return [longest] * whole + ([rest / 1000] if rest else [])
