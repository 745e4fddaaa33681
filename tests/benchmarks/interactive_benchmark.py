"""What a person reaches who clicks three times, looks at the masks, and corrects the worst frames. Prints a curve.

    python -m tests.benchmarks.interactive_benchmark [--engine NAME] [--segmenter NAME] [SEQUENCE ...]

The offline evaluation of SAM 2 as ``tam evaluate pvs-offline`` has it, on DAVIS-2016 with five corrected frames: see
``tam_core.evaluate.interactive``.
"""

import argparse
from pathlib import Path

import numpy as np

from tam_core.engines import ENGINES
from tam_core.evaluate.interactive import Curve, offline
from tam_core.evaluate.layouts import find_data_set

DATA = Path(__file__).resolve().parents[3] / "shared/data/davis2016-val-half"
CORRECTED = 5
OBJECT = 1


def curve(sequence: str, engine: str, segmenter: str) -> Curve:
    """The curve of one sequence."""
    tracker = ENGINES.get(engine, "tracker").load()
    rounds = offline(find_data_set(DATA).load(sequence), OBJECT, tracker, segmenter, 1 + CORRECTED)
    while True:
        try:
            next(rounds)
        except StopIteration as end:
            found: Curve = end.value
            return found


def row(title: str, values: np.ndarray) -> str:
    return f"{title:20s}" + " ".join(f"{value:6.3f}" for value in values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--segmenter", default="auto")
    parser.add_argument("sequences", nargs="*")
    asked = parser.parse_args()
    print(f"{'corrected frames':20s}" + " ".join(f"{n:6d}" for n in range(1 + CORRECTED)))
    curves = []
    for sequence in asked.sequences or find_data_set(DATA).names:
        curves.append(curve(sequence, asked.engine, asked.segmenter))
        print(row(sequence, np.array(curves[-1].both)), flush=True)
    for title in ("regions", "contours", "both"):
        print(row(f"mean {title}", np.mean([getattr(one, title) for one in curves], axis=0)))


if __name__ == "__main__":
    main()
