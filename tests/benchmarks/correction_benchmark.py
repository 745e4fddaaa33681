"""How much do clicks mend a mask that has drifted? Prints a line for each segmenter.

    python -m tests.benchmarks.correction_benchmark [--segmenter NAME ...]

On three frames of each DAVIS sequence, the true mask of four frames before stands for a drifted one. Each click is at
the centre of the largest error, as in ``click_benchmark``. Printed are the mean J before, and after 1, 2 and 3 clicks,
and the share of the frames whose mask the first click made worse.
"""

import argparse
from collections.abc import Iterator
from itertools import product

import numpy as np

from tam_core.engines import ENGINES
from tam_core.engines.base import Segmenter
from tam_core.evaluate.clicks import next_click
from tam_core.formats.davis import read_davis
from tam_core.metrics import jaccard
from tam_core.prompts import MaskPrompt, Prompt
from tam_core.types import Mask, Pixels
from tam_core.video.pictures import read_picture
from tests.benchmarks.click_benchmark import DATA

DAVIS = DATA / "davis2016-val-half"
LATE = 4
"""Frames by which a mask is late."""
CLICKS = 3


def cases() -> Iterator[tuple[Pixels, Mask, Mask]]:
    """Pixels (H, W, 3), the true mask and the late one (H, W), a quarter, a half and three quarters into a sequence."""
    for folder in sorted((DAVIS / "JPEGImages/480p").iterdir()):
        (truth,) = read_davis(DAVIS / "Annotations/480p" / folder.name)
        pictures = sorted(folder.glob("*.jpg"))
        for share in (0.25, 0.5, 0.75):
            frame = int(share * len(pictures))
            now, late = truth.mask(frame), truth.mask(frame - LATE)
            assert now is not None and late is not None, f"{folder.name} has no mask at frame {frame}"
            yield read_picture(pictures[frame]), now, late


def corrected(segmenter: Segmenter, pixels: Pixels, truth: Mask, late: Mask) -> list[float]:
    """J before the first click and after each."""
    embedding, mask = segmenter.embed(pixels), late
    said: list[Prompt] = [MaskPrompt(0, 1, late)]
    scores = [jaccard(late, truth)]
    for _ in range(CLICKS):
        click = next_click(truth, mask, 0, 1)
        said += [click] if click else []
        mask = segmenter.segment(embedding, said).best
        scores.append(jaccard(mask, truth))
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segmenter", nargs="+", default=["pocket", "grabcut"])
    segmenters = {name: ENGINES.get(name, "segmenter").load(device="cpu") for name in parser.parse_args().segmenter}
    scores: dict[str, list[list[float]]] = {name: [] for name in segmenters}
    for case, (name, segmenter) in product(cases(), segmenters.items()):
        scores[name].append(corrected(segmenter, *case))
    for name, rows in scores.items():
        values = np.array(rows)
        means = ", ".join(f"{mean:.3f}" for mean in values.mean(0))
        print(f"{name:10} J {means}; worse after one click {np.mean(values[:, 1] < values[:, 0]):.0%} of {len(values)}")


if __name__ == "__main__":
    main()
