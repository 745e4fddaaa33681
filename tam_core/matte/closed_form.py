"""Closed-form matting (Levin, Lischinski and Weiss 2008) of the band, with the colours' estimate as its data term.

The matting Laplacian and the solver are PyMatting's. They are given tiles along the outline, never the picture; the
data term makes far pixels independent of each other, so tiles that overlap a little have no seams.
"""

import importlib.util
from collections.abc import Iterator

import numpy as np

from tam_core.errors import EngineNotReadyError
from tam_core.matte.colours import Estimate
from tam_core.matte.trimap import Trimap
from tam_core.types import FloatMap

_TILE, _MARGIN = 192, 16
"""Pixels of a tile, and how far it looks into its neighbours."""

_DATA = 3e-3
"""Weight of the colours' estimate against the Laplacian; a tenth and ten times of it are worse on exact masks."""

_EPSILON = 1e-5
"""Regularisation of the local colour covariance, in units of 0..1 squared."""


def check_installed() -> None:
    """Raise EngineNotReadyError without PyMatting."""
    if importlib.util.find_spec("pymatting") is None:
        raise EngineNotReadyError("refined mattes need PyMatting: pip install 'tam-studio[matte]'")


def refined(colours: FloatMap, trimap: Trimap, found: Estimate) -> FloatMap:
    """Alpha of the band's pixels, (N,) 0..1; ``colours`` (h, w, 3) float32 0..1 in the trimap's box."""
    alpha = trimap.inside.astype(np.float64)
    weight = np.zeros_like(alpha)
    alpha[trimap.rows, trimap.columns], weight[trimap.rows, trimap.columns] = found.mean, found.weight
    known = trimap.inside | trimap.outside
    result = alpha.copy()
    for inner, outer in _tiles(trimap):
        solved = _solve(colours[outer], known[outer], alpha[outer], weight[outer])
        whole = np.zeros_like(alpha)
        whole[outer] = solved
        result[inner] = whole[inner]
    return np.clip(result[trimap.rows, trimap.columns], 0, 1).astype(np.float32)


def _tiles(trimap: Trimap) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """The tiles that have a part of the band, each without and with its margin."""
    for row, column in sorted(set(zip(trimap.rows // _TILE, trimap.columns // _TILE, strict=True))):
        y, x = int(row) * _TILE, int(column) * _TILE
        inner = slice(y, y + _TILE), slice(x, x + _TILE)
        outer = tuple(slice(max(side.start - _MARGIN, 0), side.stop + _MARGIN) for side in inner)
        yield inner, (outer[0], outer[1])


def _solve(colours: FloatMap, known: np.ndarray, alpha: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Alpha of a tile (h, w); ``known`` pixels keep theirs, the others are drawn to theirs by ``weight``."""
    import scipy.sparse
    from pymatting import cf_laplacian, cg, ichol

    laplacian = cf_laplacian(colours.astype(np.float64), epsilon=_EPSILON, is_known=known)
    unknown, fixed = np.flatnonzero(~known), np.flatnonzero(known)
    pull = _DATA * weight.ravel()[unknown]
    rows = laplacian[unknown]
    system = (rows[:, unknown] + scipy.sparse.diags(pull)).tocsc()
    target = pull * alpha.ravel()[unknown] - rows[:, fixed] @ alpha.ravel()[fixed]
    result = alpha.copy()
    result.ravel()[unknown] = cg(system, target, M=ichol(system, discard_threshold=1e-4), rtol=1e-5)
    return result
