"""The functions that OBS calls in a script (see ``script.py``), passed on to the ``Studio``.

``timer_add`` calls on the thread that OBS draws with, buttons and events come on the one with the windows, hotkeys on a
third. Settings are read as JSON, which OBS writes for what the user set; what they did not is the default.
"""

import json
from typing import Any

import obspython as obs

from ..ports import Field
from ..settings import read
from ..studio import HOTKEYS, Studio
from .program import Program
from .references import put
from .widgets import Hotkeys, Page, put_defaults

PUMP_MS = 50
DESCRIPTION = (
    "<b>tam-studio</b>: click on something in a video, follow it through every frame, remove it. "
    "The work is done by the worker beside OBS."
)


class _Script:
    """What exists from ``script_load`` to ``script_unload``."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        obs.obs_data_addref(settings)
        self.studio = Studio(Program(settings), _kept(settings))
        self.hotkeys = Hotkeys(HOTKEYS, self.studio.press)
        self.hotkeys.load(settings)
        self.page = Page(self._lines, self.studio.press)

    def _lines(self, changed: Any) -> list[Field]:
        fields = self.studio.panel() if changed is None else self.studio.panel_for(read(_kept(changed)))
        put_defaults(self.settings, fields)  # the catalogue may have come since
        return fields

    def close(self) -> None:
        self.studio.close()
        obs.obs_data_release(self.settings)


_scripts: list[_Script] = []
"""The one that is loaded."""

_RECORDING = {
    obs.OBS_FRONTEND_EVENT_RECORDING_STARTED: "begins",
    obs.OBS_FRONTEND_EVENT_RECORDING_PAUSED: "pauses",
    obs.OBS_FRONTEND_EVENT_RECORDING_UNPAUSED: "goes on",
    obs.OBS_FRONTEND_EVENT_RECORDING_STOPPED: "ends",
}


def script_description() -> str:
    return DESCRIPTION


def script_load(settings: Any) -> None:
    _scripts.append(_Script(settings))
    obs.obs_frontend_add_event_callback(_event)
    obs.timer_add(_pump, PUMP_MS)


def script_unload() -> None:
    obs.timer_remove(_pump)
    obs.obs_frontend_remove_event_callback(_event)
    while _scripts:
        _scripts.pop().close()


def script_defaults(settings: Any) -> None:
    for script in _scripts:
        put_defaults(settings, script.studio.panel())


def script_update(settings: Any) -> None:
    for script in _scripts:
        script.studio.update(_kept(settings))


def script_save(settings: Any) -> None:
    for script in _scripts:
        script.hotkeys.save(settings)
        for name, value in script.studio.kept().items():
            put(settings, name, value)


def script_properties() -> Any:
    return _scripts[-1].page.properties()


def _pump() -> None:
    for script in _scripts:
        script.studio.pump()


def _event(event: int) -> None:
    for script in _scripts:
        if event in _RECORDING:
            script.studio.recording(_RECORDING[event])
        elif event == obs.OBS_FRONTEND_EVENT_FINISHED_LOADING:
            script.studio.loaded()
        elif event == obs.OBS_FRONTEND_EVENT_SCRIPTING_SHUTDOWN:
            script.studio.leaving()


def _kept(settings: Any) -> dict[str, Any]:
    found = json.loads(obs.obs_data_get_json(settings) or "{}")
    return found if isinstance(found, dict) else {}
