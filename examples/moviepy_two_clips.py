"""Cut an object out of one clip and lay it over another with moviepy, in its own motion; the sound is the background's.

python examples/moviepy_two_clips.py FRONT.mp4 X Y BACK.mp4 OUTPUT.mp4
"""

import sys

from moviepy import CompositeVideoClip, VideoFileClip, vfx

from inpaint.moviepy import ObjectEffect
from tam_core import Click, Session, open_video


def main(front: str, x: str, y: str, back: str, output: str) -> None:
    session = Session(open_video(front))
    session.prompt(Click(frame=0, object_id=1, x=float(x), y=float(y)))
    for _ in session.propagate():
        pass
    with VideoFileClip(front) as actor, VideoFileClip(back) as stage:
        alone = actor.with_effects([ObjectEffect(session.masklets.values(), background="cutout", soft=True)])
        ground = stage.with_effects([vfx.Resize(actor.size)]).with_duration(min(stage.duration, actor.duration))
        both = CompositeVideoClip([ground, alone.with_duration(ground.duration).without_audio()])
        both.write_videofile(output, fps=actor.fps, logger=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
