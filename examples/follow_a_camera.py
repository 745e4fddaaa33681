"""Follow an object in frames that come one by one and are never kept: a camera, or anything that yields pictures.

python examples/follow_a_camera.py CAMERA_NUMBER_OR_VIDEO X Y
"""

import sys
from collections.abc import Iterable, Iterator

import cv2

from tam_core import ENGINES, Click, LiveSource, MaskPrompt
from tam_core.types import Mask, Pixels


def pictures(camera: str) -> Iterator[Pixels]:
    """Frames (H, W, 3) uint8 RGB until the camera stops."""
    capture = cv2.VideoCapture(int(camera) if camera.isdecimal() else camera)
    while True:
        there, bgr = capture.read()
        if not there:
            return
        yield bgr[..., ::-1].copy()


def follow(frames: Iterable[Pixels], x: float, y: float) -> Iterator[Mask]:
    """The object's mask on every frame, as soon as the frame is there."""
    live = iter(LiveSource(frames).frames())
    first = next(live)
    segmenter = ENGINES.get("auto", "segmenter").load()
    mask = segmenter.segment(segmenter.embed(first.pixels), [Click(0, 1, x, y)]).best

    tracker = ENGINES.get("auto", "tracker").load()
    state = tracker.start(LiveSource([first.pixels]).info)
    tracker.condition(state, first, [MaskPrompt(0, 1, mask)])
    yield tracker.step(state, first).masks[1]
    for frame in live:
        yield tracker.step(state, frame).masks[1]


def main(camera: str, x: str, y: str) -> None:
    for number, mask in enumerate(follow(pictures(camera), float(x), float(y))):
        print(f"frame {number}: {int(mask.sum())} pixels", end="\r")


if __name__ == "__main__":
    main(*sys.argv[1:])
