"""Put a picture in the place of an object: it moves, turns and grows as the object did, behind what hides it.

python examples/replace_object.py [OUTPUT.mp4 [PICTURE.png]]
"""

import sys
from pathlib import Path

import numpy as np

from inpaint.replace import Replacement, ReplaceSettings
from tam_core import open_video, write_video
from tam_core.formats.davis import read_davis
from tam_core.types import Pixels

SAMPLE = Path(__file__).parent / "sample"


def sign() -> Pixels:
    """A round road sign with a bar, (240, 240, 4) RGBA, transparent around it."""
    y, x = np.mgrid[-120:120, -120:120] + 0.5
    picture = np.zeros((240, 240, 4), np.uint8)
    picture[np.hypot(x, y) < 118] = (255, 255, 255, 255)
    picture[np.hypot(x, y) < 106] = (200, 30, 35, 255)
    picture[(np.abs(x) < 72) & (np.abs(y) < 20)] = (255, 255, 255, 255)
    return picture


def main(output: str = "replaced.mp4", picture: str | None = None) -> None:
    video = open_video(SAMPLE / "video.mp4")
    masklets = read_davis(SAMPLE / "masks")
    settings = ReplaceSettings(fit="contain", scale=1.2)
    run = Replacement(video, masklets, sign() if picture is None else picture, settings, start=0, stop=24)
    for _ in run.measure():
        pass
    for course in run.courses:
        print(f"followed as a {course.model} from frame {course.anchor}, shutter {course.shutter:.0f} degrees")
    write_video(run.frames(), output, like=video)


if __name__ == "__main__":
    main(*sys.argv[1:])
