"""What the gestures of the pick tool ask of the worker. It knows no Blender: ``tool.py`` tells it points and keys.

A *prompt* changes the session, a *hover* only looks: of hovers one is on its way at a time, and the newest point wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...link import wire
from ...link.pending import Pending
from ..placement import Box, Point, around
from ..session import OpenSession
from ..studio import Studio


@dataclass(frozen=True)
class Hover:
    """What a click would find: of which object, on which frame."""

    frame: int
    object_id: int
    mask: wire.Rle


@dataclass
class _Said:
    """A prompt that was answered. ``step``: the session's, when it had been."""

    request: wire.PromptRequest
    step: int
    candidates: int


class Picker:
    """One for each use of the tool. ``status`` is a sentence about what just happened, "" for nothing."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.status = ""
        self.hover: Hover | None = None
        self._said: dict[str, list[_Said]] = {}
        self._looking: Pending[wire.PromptAnswer] | None = None
        self._wanted: tuple[str, wire.Click] | None = None

    def click(self, session: OpenSession, frame: int, object_id: int, point: Point, positive: bool) -> None:
        """On the object, or with ``positive`` False not on it."""
        x, y = point
        self._prompt(session, wire.Click(frame=frame, object_id=object_id, x=x, y=y, positive=positive))

    def box(self, session: OpenSession, frame: int, object_id: int, corners: Sequence[Point]) -> None:
        """Around the object: around the corners of a drawn rectangle, as far as that lies in the picture."""
        xyxy = clipped(around(corners), session.state.video)
        if xyxy is None:
            self.status = "That box is beside the picture"
        else:
            self._prompt(session, wire.Box(frame=frame, object_id=object_id, xyxy=xyxy))

    def next_candidate(self, session: OpenSession) -> None:
        """Another of the answers to the last prompt instead of the one in use."""
        last = self._last(session)
        if last is None:
            self.status = "Tab goes through the answers to a click: click on an object first"
        elif last.candidates < 2:
            self.status = "There is one answer to that click"
        else:
            candidate = (last.request.candidate + 1) % last.candidates
            self._ask(session, wire.PromptRequest(last.request.prompts, candidate, replace=True))

    def take_back(self, session: OpenSession) -> None:
        """The last prompt of this use of the tool, if it is the last change of the session."""
        if self._last(session) is None:
            self.status = "The last change was no click of this tool: Ctrl+Z takes it back"
        else:
            self._said[session.id].pop()
            self.hover = None
            self.studio.ask("undo", session.id, then=lambda _: self._say("Took the last click back"))

    def look(self, session: OpenSession, frame: int, object_id: int, point: Point) -> None:
        """Find out what a click there would find, once, and unless a job needs the engines."""
        wanted = (session.id, wire.Click(frame=frame, object_id=object_id, x=point[0], y=point[1]))
        if not session.works and wanted != self._wanted:
            self._wanted = wanted
            self._look_on()

    def look_away(self) -> None:
        """The mouse went on."""
        self.hover = self._wanted = None

    def _look_on(self) -> None:
        if self._wanted is None or (self._looking and not self._looking.done):
            return
        session_id, click = self._wanted
        asked = wire.PromptRequest([click])
        self._looking = self.studio.ask("preview", session_id, asked, then=lambda answer: self._seen(click, answer))

    def _seen(self, click: wire.Click, answer: wire.PromptAnswer) -> None:
        self._looking = None
        if self._wanted and self._wanted[1] == click:
            self.hover = Hover(click.frame, click.object_id, answer.masks[0].rle)
        else:
            self._look_on()

    def _prompt(self, session: OpenSession, said: wire.Prompt) -> None:
        self._ask(session, wire.PromptRequest([said]))

    def _ask(self, session: OpenSession, request: wire.PromptRequest) -> None:
        self.look_away()
        self.status = "Looking for the object ..."
        self.studio.ask("prompt", session.id, request, then=lambda answer: self._answered(session.id, request, answer))

    def _answered(self, session_id: str, request: wire.PromptRequest, answer: wire.PromptAnswer) -> None:
        said = self._said.setdefault(session_id, [])
        if request.replace and said:
            said.pop()
        said.append(_Said(request, answer.state.step, len(answer.candidates)))
        one = next((one for one in answer.state.objects if one.object_id == request.prompts[0].object_id), None)
        of = f", answer {answer.candidate + 1} of {len(answer.candidates)}: Tab for the next"
        self._say(f"{one.name if one else 'Object'} found{of if len(answer.candidates) > 1 else ''}")

    def _last(self, session: OpenSession) -> _Said | None:
        """The last prompt that was not taken back, if nothing else was done since."""
        said = self._said.get(session.id, [])
        while said and said[-1].step > session.state.step:
            said.pop()
        return said[-1] if said and said[-1].step == session.state.step else None

    def _say(self, status: str) -> None:
        self.status = status


def clipped(box: Box, video: wire.Video) -> Box | None:
    """The part of a box in the picture; None if there is less than a pixel of it."""
    x0, y0, x1, y1 = max(box[0], 0), max(box[1], 0), min(box[2], video.width), min(box[3], video.height)
    return (x0, y0, x1, y1) if x1 - x0 >= 1 and y1 - y0 >= 1 else None
