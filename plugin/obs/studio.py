"""The script while OBS runs: what is chosen, armed, under way and swapped. Buttons, hotkeys and events end up here.

OBS calls from several threads; one lock keeps them apart, and nothing that takes long is done under it: that happens on
the threads of ``Orders``, ``Stream`` and ``Connection``. ``pump``, which a timer calls, takes what they have.
"""

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import edits, looks, panic
from .arming import Arming
from .connection import Connection, session_of_still, session_of_video
from .orders import Orders, Outcome
from .panel import Shown, panel
from .ports import Camera, Field, Obs, Picture
from .settings import RECORDING, Settings, read
from .swap import COVER, Swaps
from .words import WordsError, parse
from .work import Order, Said

HOTKEYS = {
    "arm": "tam-studio: arm or disarm",
    "panic": "tam-studio: blur everything, or end that",
    "next": "tam-studio: next live effect",
    "run": "tam-studio: run the edit",
    "back": "tam-studio: play the original again",
}
"""What can be pressed without the page, and what OBS calls it."""
SWAPPED, LAST = "swapped", "last_recording"
"""What is kept for the next time besides what is on the page."""


class Studio:
    """One for as long as the script is loaded."""

    def __init__(self, obs: Obs, kept: Mapping[str, Any]) -> None:
        self._obs = obs
        self._lock = threading.RLock()
        self._folder = Path(tempfile.mkdtemp(prefix="tam-studio-obs-"))
        self._connection = Connection(self.tell)
        self._orders = Orders(self._connection.client)
        self._swaps = Swaps(obs)
        self._arming = Arming(obs, self._connection.client, self.tell, self._folder)
        self._settings = Settings()
        self._news, self._last_recording = "", str(kept.get(LAST, ""))
        self._panicking = False
        self._camera: tuple[str, Camera] | None = None
        self._stills: dict[str, Picture] = {}
        self._picked: dict[str, str] = {}
        self._does: dict[str, Callable[[], None]] = {
            "refresh": self._connection.glance,
            "find": self._connection.find,
            "page": lambda: self._connection.show(lambda client: "", lambda session: None),
            "pick": self.pick,
            "run": self.run,
            "stop": self._orders.stop,
            "back": self.play_originals,
            "arm": self.arm,
            "next": self.next_look,
        }
        self.update(kept)
        self._swaps.before.update(_files(kept.get(SWAPPED)))
        self._connection.glance()

    # What OBS calls

    def update(self, kept: Mapping[str, Any]) -> None:
        """The user changed something on the page."""
        with self._lock:
            self._settings = read(kept)
            self._connection.tam = self._settings.tam
            self._arming.show(looks.look(self._settings.look))

    def press(self, name: str) -> None:
        """A button of the page, or a hotkey."""
        if name == "panic":  # before anything that might make it wait
            self.panic()
            return
        with self._lock:
            if name != "refresh":
                self._news = ""
            self._does[name]()

    def panic(self) -> None:
        """Blur everything, or end that."""
        self._panicking = not panic.is_on(self._obs)
        if self._panicking:
            panic.turn_on(self._obs)
        else:
            panic.turn_off(self._obs)

    def pump(self) -> None:
        """Collect what was done beside. Called several times a second, on the thread that OBS draws with."""
        with self._lock:
            self._connection.pump()
            self._take_still()
            for outcome in self._orders.take():
                self._settle(outcome)
            self._swaps.step()
            self._arming.step()
        if self._panicking:
            panic.turn_on(self._obs)

    def loaded(self) -> None:
        """OBS has loaded its sources."""
        with self._lock:
            self._swaps.sweep()
            self._panicking = panic.is_on(self._obs)

    def leaving(self) -> None:
        """OBS ends, and unloads the script next: a source that is taken out of a scene now can crash it (29.0 does)."""
        with self._lock:
            self._swaps.forget()

    def recording(self, event: str) -> None:
        """It "begins", "pauses", "goes on" or "ends"."""
        with self._lock:
            if event != "ends":
                name = {"begins": "recording_begins", "pauses": "recording_pauses", "goes on": "recording_goes_on"}
                getattr(self._arming, name[event])()
                return
            self._last_recording = self._obs.last_recording() or self._last_recording
            order = self._arming.recording_ends(self._last_recording, self._settings)
            if order is not None:
                self._order(order)

    def kept(self) -> dict[str, str]:
        """What is to be kept for the next time."""
        with self._lock:
            return {SWAPPED: json.dumps(self._swaps.before), LAST: self._last_recording}

    def panel(self) -> list[Field]:
        """The script's page."""
        return self.panel_for(self._settings)

    def panel_for(self, settings: Settings) -> list[Field]:
        """The page as it is with other settings."""
        with self._lock:
            shown = Shown(
                self.status(),
                [name for name in self._obs.video_sources() if not name.startswith(COVER)],
                self._connection.catalogue,
                self._arming.armed,
                self._panicking,
                bool(self._swaps.before),
            )
            return panel(shown, settings)

    def status(self) -> str:
        """What happens now, in a few lines."""
        waiting = self._orders.count - 1
        lines = [
            self._news,
            self._orders.progress,
            f"{waiting} more to do after that" if waiting > 0 else "",
            self._connection.busy,
            self._arming.status(),
            "PANIC: everything is blurred" if self._panicking else "",
        ]
        return "\n".join(line for line in lines if line) or "Nothing is under way."

    def tell(self, problem: str) -> None:
        """Something went wrong: OBS shows its log for a warning, so that the user sees it wherever they are."""
        self._news = problem
        self._obs.log(problem, warning=True)

    def close(self) -> None:
        """Leave OBS as it was found, but for what the user wants to stay: panic, and results that play."""
        with self._lock:
            self._orders.close()
            self._arming.disarm()
            self._swaps.close()
            if self._camera is not None:
                self._camera[1].close()
            shutil.rmtree(self._folder, ignore_errors=True)

    # What the buttons do

    def pick(self) -> None:
        """Open the page, with the video itself or with a still of what the source shows."""
        source, settings = self._settings.source, self._settings
        if video := self._video():
            choose = session_of_video(Path(video), settings.engine, settings.segmenter)
            self._connection.show(choose, lambda session: self._picked.update({source: session}))
        elif source == RECORDING or not all(self._obs.size(source)):
            self.tell(self._no_video())
        else:
            if self._camera is not None:
                self._camera[1].close()
            self._camera = source, self._obs.camera(source, self._obs.size(source), ())
            self._camera[1].shoot()

    def run(self) -> None:
        """Do the edit on the file."""
        video, settings = self._video(), self._settings
        if not video:
            self.tell(self._no_video())
            return
        try:
            words = tuple(parse(settings.clicks))
        except WordsError as error:
            self.tell(str(error))
            return
        self._order(
            Order(
                Path(video),
                settings.edit,
                settings.result,
                Said(words) if words else None,
                values=settings.values,
                engine=settings.engine,
                segmenter=settings.segmenter,
                source="" if settings.source == RECORDING else settings.source,
            )
        )

    def play_originals(self) -> None:
        """Of the chosen source, or of all if a recording is chosen."""
        chosen = self._settings.source
        for source in list(self._swaps.before):
            if chosen in (source, RECORDING):
                self._swaps.back(source)

    def arm(self) -> None:
        """Follow the objects of the chosen source from now on, or end that."""
        source = self._settings.source
        if self._arming.armed:
            self._arming.disarm()
        elif source == RECORDING:
            self.tell("choose what is recorded, a source or the scene, as the video; then arm")
        elif not all(self._obs.size(source)):
            self.tell(f"{source} shows nothing now: there is nothing to follow")
        else:
            self._arm(source)

    def next_look(self) -> None:
        """Let the live mask make something else."""
        look = looks.following(self._settings.look)
        self._obs.keep("look", look.name)
        self.update({**self._settings.values, "look": look.name})

    # What comes of it

    def _arm(self, source: str) -> None:
        try:
            words = tuple(parse(self._settings.clicks))
        except WordsError as error:
            self.tell(str(error))
            return
        picked = self._picked.get(source, "")
        if not words and not picked:
            self.tell("no object is picked: pick one in the browser, or type where it is; then arm")
            return
        still = None if words else self._stills.get(source)
        self._arming.arm(source, Said(words, "" if words else picked), self._settings, still)

    def _order(self, order: Order) -> None:
        self._news = ""
        self._orders.add(order)

    def _settle(self, outcome: Outcome) -> None:
        """An order is over."""
        order, path = outcome.order, outcome.path
        if path is None:
            if outcome.problem:
                self.tell(outcome.problem)
            else:
                self._news = f"{order.video.name}: stopped; what was done so far is kept"
            return
        self._news = f"made {path.name}, in the folder {path.parent.name} beside the video"
        self._obs.log(f"made {path}")
        if self._settings.swap and path.suffix in edits.MOVIES:
            for source in [order.source] if order.source else self._swaps.playing(str(order.video)):
                self._swaps.play(source, str(path))

    def _take_still(self) -> None:
        if self._camera is None:
            return
        source, camera = self._camera
        picture = camera.take()
        if picture is None:
            return
        camera.close()
        self._camera, self._stills[source] = None, picture
        choose = session_of_still(picture, self._folder / "still.png", self._settings.engine, self._settings.segmenter)
        self._connection.show(choose, lambda session: self._picked.update({source: session}))

    def _video(self) -> str:
        """The file to work on, "" if the chosen source has none."""
        source = self._settings.source
        return self._last_recording if source == RECORDING else self._swaps.original(source)

    def _no_video(self) -> str:
        if self._settings.source == RECORDING:
            return "nothing was recorded yet: choose a source, or record first"
        return f"{self._settings.source} plays no file of this machine: arm it and record, or choose a media source"


def _files(text: object) -> dict[str, str]:
    """What ``kept`` gave."""
    try:
        found = json.loads(str(text or "{}"))
    except ValueError:
        return {}
    return {str(source): str(file) for source, file in found.items()} if isinstance(found, dict) else {}
