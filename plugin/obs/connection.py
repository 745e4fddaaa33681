"""The worker, as the script sees it: found or started beside, with its catalogue for the menus. Nothing here waits."""

import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ..link import launch, wire
from ..link.client import Client
from ..link.errors import LinkError
from ..link.pending import Pending, later
from . import pictures
from .ports import Picture

T = TypeVar("T")


class Connection:
    """``tell`` gets what went wrong, in words for the user."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tam = ""
        """The program that starts the worker; "" is searched."""
        self.catalogue: wire.Catalogue | None = None
        self.busy = ""
        """What we wait for, "" for nothing."""
        self._tell = tell
        self._asked: list[tuple[Pending[Any], Callable[[Any], None]]] = []

    def client(self) -> Client:
        """The user's worker, started if there is none. Waits: for threads beside. Raises LinkError."""
        client = launch.find_or_start(command=(self.tam, "serve") if self.tam else ())
        self.catalogue = client.catalogue()
        return client

    def glance(self) -> None:
        """Take the catalogue of a worker that runs already; starts none."""
        self._ask("", self._glance, lambda nothing: None)

    def find(self) -> None:
        """Find the worker or start it."""
        self._ask("looking for the worker", self.client, lambda nothing: None)

    def show(self, choose: Callable[[Client], str], then: Callable[[str], None]) -> None:
        """Open the page with the session whose id ``choose`` gives, "" for none."""
        self._ask("opening the page", lambda: self._show(choose), then)

    def pump(self) -> None:
        """Take what was answered."""
        over = [(pending, then) for pending, then in self._asked if pending.done]
        self._asked = [one for one in self._asked if not one[0].done]
        self.busy = self.busy if self._asked else ""
        for pending, then in over:
            try:
                then(pending.result())
            except (LinkError, OSError) as error:
                self._tell(str(error))

    def _ask(self, what: str, work: Callable[[], T], then: Callable[[T], None]) -> None:
        self.busy = what or self.busy
        self._asked.append((later(work), then))

    def _glance(self) -> None:
        client = launch.find()
        if client is not None:
            self.catalogue = client.catalogue()

    def _show(self, choose: Callable[[Client], str]) -> str:
        client = self.client()
        session = choose(client)
        webbrowser.open(f"{client.url}/#token={client.token}" + (f"&session={session}" if session else ""))
        return session


def session_of_video(video: Path, engine: str, segmenter: str) -> Callable[[Client], str]:
    """For ``show``: the session of a file on this machine."""

    def choose(client: Client) -> str:
        launch.open_folder(video.parent)
        return client.open(wire.OpenRequest(path=str(video), engine=engine, segmenter=segmenter)).id

    return choose


def session_of_still(still: Picture, file: Path, engine: str, segmenter: str) -> Callable[[Client], str]:
    """For ``show``: a new session of one picture, which is kept as ``file`` on its way."""

    def choose(client: Client) -> str:
        file.write_bytes(pictures.rgb_png(still))
        upload = client.upload(file)
        return client.open(wire.OpenRequest(upload=upload.id, engine=engine, segmenter=segmenter)).id

    return choose
