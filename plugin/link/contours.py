"""The outlines of a mask as polygons on the pixel grid, exact or simplified, for hosts that draw shapes."""

from dataclasses import dataclass

from .raster import Rows

Point = tuple[int, int]
"""(x, y) of a corner between pixels: a picture's own corners are (0, 0) and (width, height)."""


@dataclass(frozen=True)
class Contour:
    """A closed outline without its first point at the end. ``inner``: around a hole.

    Outer ones run clockwise as seen on a screen, inner ones the other way, so both usual rules fill them rightly.
    """

    points: list[Point]
    inner: bool = False


def contours(rows: Rows, tolerance: float = 0) -> list[Contour]:
    """All outlines of a mask's rows (``raster.rows``), every turn a point.

    Pixels that touch only at a corner are apart. With a ``tolerance`` points are left out, so that no point of the
    exact outline is farther than so many pixels from the simplified one; what would be no more than a line stays exact.
    """
    edges = _Edges()
    above: list[int] = []
    for y, spans in enumerate([*rows, []]):
        below = [end for span in spans for end in span]
        if below != above:
            edges.add_line(y, above, below)
        above = below
    exact = edges.traced()
    return [Contour(simplified(found.points, tolerance), found.inner) for found in exact] if tolerance else exact


class _Edges:
    """Horizontal edges between object and background, and how their ends are joined by vertical ones.

    Edge ``i`` has the ends 2i, its left, and 2i + 1, its right.
    """

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.partner: list[int] = []
        self.starts_left: list[bool] = []
        """The object is below, so that a walk with the object at its right hand goes to the right."""
        self._open: dict[int, int] = {}

    def add_line(self, y: int, above: list[int], below: list[int]) -> None:
        """The edges between two rows, given by where they change between background and object."""
        changes = sorted([2 * x for x in above] + [2 * x + 1 for x in below])
        under, ends = False, list[int]()
        for first, second in zip(changes[::2], changes[1::2], strict=True):
            left, right = first >> 1, second >> 1
            under ^= bool(first & 1)
            if left < right:
                touching = ends and self.points[ends[-1]] == (left, y)
                if touching and self.starts_left[-1]:  # object at lower left and upper right: they stay apart
                    ends.insert(-1, len(self.points))
                else:
                    ends.append(len(self.points))
                ends.append(len(self.points) + 1)
                self.points += [(left, y), (right, y)]
                self.starts_left.append(under)
            under ^= bool(second & 1)
        self.partner += [-1] * len(ends)
        for end in ends:
            self._join(end)

    def _join(self, end: int) -> None:
        """With the end right above it, or else it waits for the one right below."""
        x = self.points[end][0]
        if x in self._open:
            other = self._open.pop(x)
            self.partner[end], self.partner[other] = other, end
        else:
            self._open[x] = end

    def traced(self) -> list[Contour]:
        """Every walk along edges until it is back."""
        left, found = [True] * len(self.starts_left), []
        for first, to_right in enumerate(self.starts_left):
            edge, points = first, list[Point]()
            while left[edge]:
                left[edge] = False
                start = 2 * edge + (not self.starts_left[edge])
                points += [self.points[start], self.points[start ^ 1]]
                edge = self.partner[start ^ 1] >> 1
            if points:
                found.append(Contour(points, inner=not to_right))
        return found


def simplified(points: list[Point], tolerance: float) -> list[Point]:
    """Douglas and Peucker's way (1973) for a closed line: halved at the point farthest from the first."""
    x0, y0 = points[0]
    far = max(range(len(points)), key=lambda i: (points[i][0] - x0) ** 2 + (points[i][1] - y0) ** 2)
    ring = [*points, points[0]]
    kept, waiting = {0, far}, [(0, far), (far, len(points))]
    while waiting:
        first, last = waiting.pop()
        worst, distance = _farthest(ring, first, last)
        if distance > tolerance**2:
            kept.add(worst)
            waiting += [(first, worst), (worst, last)]
    return [points[index] for index in sorted(kept)] if len(kept) > 2 else points


def _farthest(ring: list[Point], first: int, last: int) -> tuple[int, float]:
    """The point between two that is farthest from the line that joins them, and its squared distance."""
    (ax, ay), (bx, by) = ring[first], ring[last]
    dx, dy = bx - ax, by - ay
    length, worst, farthest = dx * dx + dy * dy, first, 0.0
    for index in range(first + 1, last):
        x, y = ring[index][0] - ax, ring[index][1] - ay
        along = x * dx + y * dy
        if along <= 0 or not length:
            distance: float = x * x + y * y
        elif along >= length:
            distance = (x - dx) ** 2 + (y - dy) ** 2
        else:
            distance = (x * dy - y * dx) ** 2 / length
        if distance > farthest:
            worst, farthest = index, distance
    return worst, farthest
