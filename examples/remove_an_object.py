"""Click on an object and take it out of the video; sound, time stamps and colours stay as they are.

python examples/remove_an_object.py VIDEO X Y OUTPUT.mp4
"""

import sys

from inpaint import remove
from tam_core import Click, Session, open_video, write_video


def main(path: str, x: str, y: str, output: str) -> None:
    video = open_video(path)
    session = Session(video)
    session.prompt(Click(frame=0, object_id=1, x=float(x), y=float(y)))
    for _ in session.propagate():
        pass
    write_video(remove(video, session.masklets.values()), output, like=video)


if __name__ == "__main__":
    main(*sys.argv[1:])
