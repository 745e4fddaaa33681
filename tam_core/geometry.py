"""Source pixels <-> working pixels. The only place that scales points, boxes and sizes.

Pixel centres are at half-integers in both images, as in ``cv2.resize``: x_working = (x + 0.5) * scale - 0.5.
"""

from dataclasses import dataclass

from tam_core.types import XYXY, Size


@dataclass(frozen=True)
class Scale:
    """How a source image of ``source`` (H, W) is seen at ``working`` (H, W)."""

    source: Size
    working: Size

    @property
    def x(self) -> float:
        return self.working[1] / self.source[1]

    @property
    def y(self) -> float:
        return self.working[0] / self.source[0]

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A source point in working pixels."""
        return (x + 0.5) * self.x - 0.5, (y + 0.5) * self.y - 0.5

    def box(self, xyxy: XYXY) -> XYXY:
        """A source box (edges, not centres) in working pixels."""
        x0, y0, x1, y1 = xyxy
        return x0 * self.x, y0 * self.y, x1 * self.x, y1 * self.y


def fit_long_side(source: Size, long_side: int, multiple: int = 1, enlarge: bool = False) -> Scale:
    """Shrink so that the longer side has ``long_side`` pixels, sides a multiple of ``multiple``.

    A smaller picture stays as large as it is, or is enlarged to that.
    """
    ratio = long_side / max(source)
    if not enlarge:
        ratio = min(1.0, ratio)
    height, width = (max(multiple, round(side * ratio / multiple) * multiple) for side in source)
    return Scale(source, (height, width))
