"""Track, look for the frame the tracker is least sure of, correct it, track again: both sides get better.

python examples/correct_a_track.py VIDEO X Y CORRECT_X CORRECT_Y
"""

import sys

from tam_core import Click, Session, open_video, write_masklets


def main(path: str, x: str, y: str, correct_x: str, correct_y: str, output: str = "masklets.json") -> None:
    video = open_video(path)
    session = Session(video)
    session.prompt(Click(frame=0, object_id=1, x=float(x), y=float(y)))
    for _ in session.propagate():
        pass

    masklet = session.masklets[1]
    worst = min(masklet.frames[1:], key=lambda frame: masklet.scores[frame])
    print(f"least sure of frame {worst}: {masklet.scores[worst]:.2f}")

    session.prompt(Click(frame=worst, object_id=1, x=float(correct_x), y=float(correct_y)))
    changed = {found.frame for found in session.propagate() if found.masks}
    print(f"{len(changed)} frames tracked again; undo() would take it back")
    write_masklets(session.masklets.values(), output, video.info)


if __name__ == "__main__":
    main(*sys.argv[1:])
