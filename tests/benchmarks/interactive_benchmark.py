"""What a person reaches who clicks three times, looks at the masks, and corrects the worst frames. Prints a curve.

    python -m tests.benchmarks.interactive_benchmark [--engine NAME] [--segmenter NAME] [SEQUENCE ...]

The offline evaluation of SAM 2 (arXiv 2408.00714, section 6.1) through ``Session``: three clicks on the first frame,
then up to five rounds in which the frame with the lowest J, never one twice, gets three clicks that correct its tracked
mask, and all is tracked again. Clicks as in ``click_benchmark``: the first at the centre of the object, each further
one at the centre of the largest error region. Every frame is scored, the clicked ones too, with the mask that they have
in the end.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from tam_core.errors import PromptError
from tam_core.formats.davis import read_davis
from tam_core.metrics import boundary_f, jaccard
from tam_core.session import Session
from tam_core.types import Mask
from tam_core.video import open_video
from tests.benchmarks.click_benchmark import Case, next_click

DATA = Path(__file__).resolve().parents[3] / "shared/data/davis2016-val-half"
CLICKS = 3
CORRECTED = 5
OBJECT = 1


def found_mask(session: Session, frame: int) -> Mask:
    """What is known of the object on a frame, (H, W) bool; empty where it was never tracked."""
    masklet = session.masklets.get(OBJECT)
    mask = masklet.mask(frame) if masklet else None
    return np.zeros(session.source.info.size, bool) if mask is None else mask


def click(session: Session, frame: int, truth: Mask) -> None:
    """Click where the mask (H, W) of a frame is most wrong, three times or until nothing is.

    A click that leaves nothing of the object is refused; it is said again together with the next one.
    """
    case = Case("", session.source.read(frame).pixels, truth, np.ones_like(truth))
    mask, said = found_mask(session, frame), []
    for _ in range(CLICKS):
        next_one = next_click(case, mask)
        if next_one is None:
            return
        said.append(replace(next_one, frame=frame, object_id=OBJECT))
        try:
            mask, said = session.prompt(*said).masks[OBJECT], []
        except PromptError:
            mask = np.zeros_like(truth)


def curve(session: Session, truth: list[Mask]) -> list[tuple[float, float]]:
    """Mean J and F after 0, 1, ... corrected frames; ``truth`` has a mask (H, W) for every frame."""
    scores, frame, untouched = [], 0, set(range(len(truth)))
    for _ in range(1 + CORRECTED):
        click(session, frame, truth[frame])
        untouched.remove(frame)
        if session.masklets:
            for _ in session.propagate():
                pass
        found = [found_mask(session, index) for index in range(len(truth))]
        overlaps = [jaccard(*pair) for pair in zip(found, truth, strict=True)]
        contours = [boundary_f(*pair) for pair in zip(found, truth, strict=True)]
        scores.append((float(np.mean(overlaps)), float(np.mean(contours))))
        frame = min(untouched, key=overlaps.__getitem__)
    return scores


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
    for sequence in asked.sequences or sorted(path.name for path in (DATA / "JPEGImages/480p").iterdir()):
        (truths,) = read_davis(DATA / "Annotations/480p" / sequence)
        truth = [mask for frame in truths.frames if (mask := truths.mask(frame)) is not None]
        source = open_video(DATA / "JPEGImages/480p" / sequence)
        curves.append(curve(Session(source, tracker=asked.engine, segmenter=asked.segmenter), truth))
        print(row(sequence, np.mean(curves[-1], axis=1)), flush=True)
    regions, contours = np.mean(curves, axis=0).T
    print(row("mean J", regions), row("mean F", contours), row("mean J&F", (regions + contours) / 2), sep="\n")


if __name__ == "__main__":
    main()
