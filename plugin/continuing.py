"""``--project``: the command line goes on with what was begun on the page, and the other way round."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tam_core.history import Engines, Propagated
from tam_core.project import Project
from tam_core.session import Session
from tam_core.types import ObjectId
from tam_core.video import FrameSource


@contextmanager
def working_session(
    source: FrameSource, path: Path, project: Path | None, engine: str, segmenter: str, device: str
) -> Iterator[Session]:
    """A session over the video at ``path``: of its own, or that of a project, which is made if it is not there.

    Raises SourceMovedError if the project is another video's.
    """
    if project is None:
        yield Session(source, tracker=engine, segmenter=segmenter, device=device)
        return
    opened = Project.open(project, path) if project.exists() else Project.create(project, path)
    try:
        yield Session(source, tracker=engine, segmenter=segmenter, device=device, project=opened)
    except KeyboardInterrupt:
        print(f"tam: note: what was found is kept in {project}; the same command goes on", file=sys.stderr)
        raise
    finally:
        opened.close()


def untracked(session: Session, span: range) -> set[ObjectId]:
    """The objects that the present tracker never carried through these frames."""
    left = set(session.objects)
    for command in session.commands:
        if isinstance(command, Engines):
            left = set(session.objects)
        elif isinstance(command, Propagated) and _covers(command, span):
            left -= set(command.objects)
    return left


def _covers(command: Propagated, span: range) -> bool:
    reaches = command.stop is None or command.stop >= span.stop
    return command.found.finished and command.direction == "both" and command.start <= span.start and reaches
