"""Is an object that went away wholly found again, and is nothing found while it is away? Prints a table.

    python -m tests.benchmarks.reappearance_benchmark [--engine NAME] [--sheet FILE.png] [SCENE ...]

Ten cut-and-paste scenes (see ``reappearance_scenes``) with the true mask of frame 0 given. An object has come back on
the first frame after its absence that shows at least half of the area it had on frame 0, and is found again on the
first frame after its absence with IoU > 0.5: within 5 frames of its coming back is the aim. A frame on which it is
wholly absent is false if its mask is larger than 0.1 % of the picture; none such is the aim.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tam_core.metrics import jaccard, mean_jaccard
from tam_core.prompts import MaskPrompt
from tam_core.session import Session
from tam_core.types import Mask, Pixels
from tam_core.video import ArraySource
from tests.benchmarks.reappearance_scenes import SCENES, Clip, render

FOUND = 0.5
BACK = 0.5
"""Of the area on frame 0."""
WITHIN = 5
"""Frames."""
NOTHING = 0.001
"""Of the picture: a smaller mask is none."""
OBJECT = 1


@dataclass(frozen=True)
class Result:
    """How one scene went. ``before`` and ``after`` are mean J up to the absence, and from the coming back on.

    ``away`` counts the frames of the absence and ``false`` those of them with a mask; ``delay`` the frames from the
    coming back until it was found, None = never.
    """

    before: float
    away: int
    false: int
    delay: int | None
    after: float

    @property
    def found_again(self) -> bool:
        return self.delay is not None and self.delay <= WITHIN


def tracked(clip: Clip, engine: str) -> Mask:
    """What the engine finds on every frame (T, H, W), the first mask given."""
    session = Session(ArraySource(clip.frames), tracker=engine)
    session.prompt(MaskPrompt(0, OBJECT, clip.truth[0]))
    found = np.zeros_like(clip.truth)
    for frame in session.propagate():
        if OBJECT in frame.masks:
            found[frame.frame] = frame.masks[OBJECT]
    return found


def judged(found: Mask, truth: Mask) -> Result:
    """Both (T, H, W) bool; the object is wholly absent for a while and then comes back."""
    areas = np.count_nonzero(truth, axis=(1, 2))
    absent = np.flatnonzero(areas == 0)
    gone, later = int(absent[0]), range(int(absent[-1]) + 1, len(truth))
    back = next(index for index in later if areas[index] >= BACK * areas[0])
    seen_at = next((index for index in later if jaccard(found[index], truth[index]) > FOUND), None)
    return Result(
        before=mean_jaccard(list(found[:gone]), list(truth[:gone])),
        away=len(absent),
        false=int(np.count_nonzero(found[absent].mean(axis=(1, 2)) > NOTHING)),
        delay=None if seen_at is None else max(0, seen_at - back),
        after=mean_jaccard(list(found[back:]), list(truth[back:])),
    )


def strip(clip: Clip, found: Mask) -> Pixels:
    """Every sixth frame, small, side by side: the mask in red, the true edge in yellow."""
    pictures = []
    for index in range(0, len(found), 6):
        picture, truth = clip.frames[index].copy(), clip.truth[index].astype(np.uint8)
        picture[found[index]] = picture[found[index]] // 2 + np.array([127, 0, 0], np.uint8)
        picture[truth != cv2.erode(truth, np.ones((5, 5), np.uint8))] = (255, 255, 0)
        pictures.append(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    return np.hstack(pictures)


def row(name: str, result: Result) -> str:
    delay = "never" if result.delay is None else str(result.delay)
    figures = f"{result.before:6.3f} {result.away:6d} {result.false:6d} {delay:>6s} {result.after:6.3f}"
    return f"{name:40s} {figures}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--sheet", type=Path, metavar="FILE.png", help="draw the scenes and the masks found there")
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help="first words of names; all if none is given")
    asked = parser.parse_args()
    print(f"{'':40s} {'J':>6s} {'away':>6s} {'false':>6s} {'delay':>6s} {'J then':>6s}")
    results, strips = [], []
    for scene in SCENES:
        if asked.scenes and not scene.name.startswith(tuple(asked.scenes)):
            continue
        clip = render(scene)
        found = tracked(clip, asked.engine)
        results.append(judged(found, clip.truth))
        strips.append(strip(clip, found))
        print(row(scene.name, results[-1]), flush=True)
    again, clean = (sum(values) for values in zip(*[(r.found_again, not r.false) for r in results], strict=True))
    print(
        f"found again within {WITHIN} frames: {again} of {len(results)}; no mask while away: {clean} of {len(results)}"
    )
    if asked.sheet:
        Image.fromarray(np.vstack(strips)).save(asked.sheet)


if __name__ == "__main__":
    main()
