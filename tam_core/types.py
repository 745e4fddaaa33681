"""The array conventions of the whole project, stated once.

Inside tam-studio every picture is RGB, 8 or 16 bit, top row first; every mask is bool, True = object; boxes are
``(x0, y0, x1, y1)`` and points ``(x, y)``, both in source pixels. Conversions happen at the edge.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, 3) uint8 RGB, or (T, H, W, 3) for a window of frames; uint16, 0..65535, where a source was opened deep."""

Mask: TypeAlias = npt.NDArray[np.bool_]
"""(H, W) bool, True = object (or hole), or (T, H, W) for a window of frames."""

FloatMap: TypeAlias = npt.NDArray[np.float32]
"""Any float32 array; its shape and range are said where it enters."""

ObjectId: TypeAlias = int
"""What the user sees: 1, 2, 3 ...; never reused in a session, never an index into an array."""

Size: TypeAlias = tuple[int, int]
"""(height, width) in pixels."""

XYXY: TypeAlias = tuple[float, float, float, float]
"""A box (x0, y0, x1, y1) in source pixels; x1 and y1 are exclusive."""
