"""Click on an object, follow it both ways, save its masks and a preview.

python examples/track_an_object.py VIDEO X Y [FRAME]
"""

import sys
from pathlib import Path

from inpaint import overlay
from tam_core import Click, Session, open_video, write_davis, write_masklets, write_video


def main(path: str, x: str, y: str, frame: str = "0", folder: str = "tracked") -> None:
    video = open_video(path)
    session = Session(video)
    session.prompt(Click(frame=int(frame), object_id=1, x=float(x), y=float(y)))
    for found in session.propagate():
        print(f"frame {found.frame}: {found.scores}", end="\r")

    out = Path(folder)
    out.mkdir(exist_ok=True)
    masklets = session.masklets
    write_davis(masklets.values(), out / "masks", range(video.info.frame_count or 0))
    write_masklets(masklets.values(), out / "masklets.json", video.info)
    write_video(overlay(video, masklets.values()), out / "preview.mp4", like=video)
    print(f"\n{out}: seen on {len(masklets[1].visible_frames)} frames")


if __name__ == "__main__":
    main(*sys.argv[1:])
