"""A session's story that is told on a project until the program is killed: ``python -m tests.project_story PROJECT``.

After every step that a person would have seen the answer of, its number is printed.
"""

import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from tam_core.project import Project
from tam_core.prompts import Click
from tam_core.session import Session
from tam_core.video import ArraySource
from tests.colour_engines import COUNT, ColourSegmenter, ColourTracker, red_and_blue


def begin(project: Project | None = None) -> Session:
    return Session(ArraySource(red_and_blue()), tracker=ColourTracker(), segmenter=ColourSegmenter(), project=project)


def reopened(project: Project) -> Project:
    project.close()
    return Project.open(project.folder)


def story(session: Session) -> Iterator[None]:
    """Yields after every step; never ends."""
    for chapter in count():
        frame = chapter % COUNT
        session.prompt(Click(frame, 1, frame + 2, 6), Click(frame, 2, 5, 16))
        yield
        for found in session.propagate(across_cuts="stop"):
            yield
            if found.frame == 4:
                session.prompt(Click(7, 1, 9, 6), Click(7, 1, 8, 5, positive=False))
                yield
        yield
        session.label(1, name=f"Chapter {chapter}")
        yield
        session.undo()
        yield
        session.drop(1)
        yield
        if chapter % 2:
            session.undo()
            yield
            session.redo()
            yield
        session.drop(2)  # so that all that the next chapter finds is new
        yield


def state(session: Session) -> dict[str, Any]:
    """All that must not be lost."""
    return {
        "prompts": session.prompts,
        "masklets": session.masklets,
        "stale": session.stale,
        "labels": session.labels,
        "proposals": session.proposals,
        "engines": session.engines,
        "prompted": {object_id: session.prompted_frames(object_id) for object_id in session.objects},
        "removal": (session.removal, session.removal_outdated),
    }


if __name__ == "__main__":
    for number, _ in enumerate(story(begin(Project.open(Path(sys.argv[1])))), 1):
        print(number, flush=True)
