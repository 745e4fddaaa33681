"""The learned numbers of this engine, by the name of what they multiply: logistic regressions on photographs.

``tests/benchmarks/fit_grabcut.py`` writes ``coefficients.json``. "edges" are of the measurements of a border between
two superpixels; "clicks" and "box" have two rounds each; "level" ranks the masks.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np

from tam_core.types import FloatMap

FILE = Path(__file__).with_name("coefficients.json")

Measurements: TypeAlias = dict[str, FloatMap]
"""One number (N,) for each superpixel, or (E,) for each edge, by name."""

Weights: TypeAlias = Mapping[str, float]


@cache
def coefficients() -> Mapping[str, Weights]:
    """The weights of "edges", "clicks", "clicks again", "box", "box again" and "level"."""
    found: Mapping[str, Weights] = json.loads(FILE.read_text())
    return found


def weigh(measured: Measurements, weights: Weights) -> FloatMap:
    """Log-odds (N,): the sum of the measurements times their weights, and a constant."""
    total = sum(np.float32(weight) * measured[name] for name, weight in weights.items() if name != "constant")
    odds: FloatMap = np.asarray(total + np.float32(weights["constant"]), np.float32)
    return odds
