"""What operators need to know before they ask: which session this is, and what of it is meant."""

from typing import Any

from .. import properties
from ..session import OpenSession
from ..studio import studio
from ..target import Target, shown_range, target


def session_here(context: Any) -> OpenSession | None:
    """The open session of what the user works on."""
    return studio().session(target(context))


class NeedsSession:
    """For operators that are about an open session; greyed out elsewhere, with the reason as a tooltip."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        if session_here(context) is not None:
            return True
        cls.poll_message_set("Select a movie or image strip, a clip or an image, and press Open")  # type: ignore[attr-defined]
        return False


def here(context: Any) -> tuple[Target, OpenSession]:
    """Inside an operator whose ``poll`` was true."""
    found = target(context)
    session = studio().session(found)
    assert found is not None and session is not None
    return found, session


def chosen_objects(context: Any, session: OpenSession) -> list[int] | None:
    """None for all."""
    return [properties.active_object(session.target_key)] if context.scene.tam_studio.which == "active" else None


def chosen_frames(context: Any, found: Target) -> tuple[int, int | None]:
    """``start`` and ``stop`` of a request: the whole source, or what its strip shows."""
    return shown_range(context, found) if context.scene.tam_studio.range == "strip" else (0, None)


def work_of(session: OpenSession, *kinds: str) -> bool:
    """Whether such a job runs or waits."""
    return any(job.kind in kinds and job.status in ("queued", "running") for job in session.state.jobs)
