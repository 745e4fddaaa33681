"""A live stream to the worker: pictures in, a mask picture out, on a thread beside. The newest picture wins.

It knows no OBS: pictures are handed to it, and the newest mask is a file whose name is asked for.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..link import wire
from ..link.client import Client
from ..link.errors import LinkError
from ..link.events import Mailbox
from . import looks, pictures
from .ports import Picture, Size
from .words import Word, of_masks, prompts, scaled
from .work import Said

LOOK_EVERY = 0.01
PATIENCE = 120.0
"""For the first picture to be worked on: a network may have to be loaded."""


@dataclass(frozen=True)
class Shot:
    """A picture, and when OBS drew it (time.monotonic)."""

    picture: Picture = field(repr=False)
    time: float


@dataclass(frozen=True)
class Mask:
    """``file`` is the mask of a picture that was drawn ``age`` seconds before the file was there."""

    file: Path
    age: float


class Stream:
    """``said`` is in pixels of a picture of ``size``, and of ``still``, or without one of the first picture.

    ``folder`` is where mask pictures go; two file names take turns, so that OBS never reads half of one.
    """

    def __init__(
        self,
        connect: Callable[[], Client],
        said: Said,
        size: Size,
        folder: Path,
        *,
        still: Picture | None = None,
        engines: tuple[str, str] = ("auto", "auto"),
    ) -> None:
        self._connect, self._said, self._size = connect, said, size
        self._folder, self._still, self._engines = folder, still, engines
        self._look = looks.LOOKS[0]
        self._newest: Shot | None = None
        self._mask: Mask | None = None
        self._found: list[wire.ObjectMask] = []
        self._drawn_at: dict[int, float] = {}
        self._written = 0
        self._closed = threading.Event()
        self.problem = ""
        self._thread = threading.Thread(target=self._work, name="tam-live", daemon=True)
        self._thread.start()

    def offer(self, shot: Shot) -> None:
        """The newest picture. One that was not sent yet is forgotten."""
        self._newest = shot

    def take(self) -> Mask | None:
        """The newest mask, once."""
        mask, self._mask = self._mask, None
        return mask

    def show(self, look: looks.Look) -> None:
        """What the next mask pictures are to do."""
        self._look = look

    @property
    def words(self) -> list[Word]:
        """Where the objects are now, in pixels of the picture that the first words were said on."""
        found = self._found
        if not found:
            return []
        height, width = found[0].rle.size
        return scaled(of_masks(found), (width, height), self._size)

    def close(self) -> None:
        self._closed.set()

    def _work(self) -> None:
        try:
            self._follow(self._connect())
        except (LinkError, OSError) as error:  # a disk that is full, or the folder swept away
            self.problem = str(error)
        except Exception as error:  # whatever it was: a mask that stands still has to be told of
            self.problem = f"a fault of tam-studio: {type(error).__name__}: {error}"

    def _follow(self, client: Client) -> None:
        first = self._first()
        if first is None:
            return
        size = first.picture.width, first.picture.height
        live = client.open_live(wire.LiveRequest(*size, *self._engines))
        mailbox = client.live_events(live.id)
        try:
            self._begin(client, live.id, mailbox, first, size)
            while not self._closed.wait(LOOK_EVERY):
                self._send(client, live.id)
                self._receive(mailbox, size)
        finally:
            mailbox.close()
            with suppress(LinkError):
                client.close_live(live.id)

    def _begin(self, client: Client, live: str, mailbox: Mailbox, first: Shot, size: Size) -> None:
        """Show the still, or the first picture, until it was worked on, and say there where the objects are."""
        shown = pictures.reduced(self._still, size) if self._still else first.picture
        client.push_frame(live, pictures.rgb_png(shown))
        self._drawn_at[0] = first.time
        deadline = time.monotonic() + PATIENCE
        while not any(isinstance(event, wire.MasksEvent) for event in mailbox.take()):
            if self._closed.wait(LOOK_EVERY):
                return
            if time.monotonic() > deadline:
                raise LinkError("the worker does not answer to live pictures: choose a faster engine")
        words = [replace(word, seconds=0.0) for word in scaled(self._said.heard(client), self._size, size)]
        if not words:
            raise LinkError("no object is picked: pick one in the page, or type where it is")
        self._found = client.prompt_live(live, wire.PromptRequest(prompts(words, [0.0])[0])).masks

    def _first(self) -> Shot | None:
        while self._newest is None:
            if self._closed.wait(LOOK_EVERY):
                return None
        return self._newest

    def _send(self, client: Client, live: str) -> None:
        shot, self._newest = self._newest, None
        if shot is not None:
            received = client.push_frame(live, pictures.rgb_png(shot.picture)).received
            self._drawn_at[received - 1] = shot.time

    def _receive(self, mailbox: Mailbox, size: Size) -> None:
        """Write the newest of the masks that came. The worker counts the pictures that it gets."""
        if mailbox.problem is not None and not mailbox.listening:
            raise mailbox.problem
        events = [event for event in mailbox.take() if isinstance(event, wire.MasksEvent)]
        if not events:
            return
        event = events[-1]
        drawn_at = self._drawn_at.get(event.frame)
        self._drawn_at = {frame: at for frame, at in self._drawn_at.items() if frame > event.frame}
        self._found = event.masks
        self._written += 1
        file = self._folder / f"mask-{self._written % 2}.png"
        file.write_bytes(looks.drawn(event.masks, size, self._look))
        if drawn_at is not None:
            self._mask = Mask(file, time.monotonic() - drawn_at)
