"""The script's page as OBS draws it, made of ``Field``s; its defaults; and hotkeys."""

from collections.abc import Callable, Sequence
from typing import Any

import obspython as obs

from ..ports import Field
from .references import put

Press = Callable[[str], None]


class Page:
    """``lines`` gives the page as it is now with the settings that OBS passes (None: as they were last).

    OBS draws the same properties again after a button or a change; so what changed is changed in them.
    """

    def __init__(self, lines: Callable[[Any], list[Field]], press: Press) -> None:
        self._lines, self._press = lines, press

    def properties(self) -> Any:
        """New ones, which OBS will own."""
        made = obs.obs_properties_create()
        self._bring(made, self._lines(None))
        return made

    def _bring(self, properties: Any, fields: Sequence[Field]) -> None:
        """Every line as it is to be: one that is there is changed, another added."""
        for field in fields:
            line = obs.obs_properties_get(properties, field.name) or self._added(properties, field)
            obs.obs_property_set_description(line, field.label)
            obs.obs_property_set_visible(line, field.shown)
            if field.kind == "group":
                self._bring(obs.obs_property_group_content(line), field.fields)
            if field.kind == "menu":
                obs.obs_property_list_clear(line)
                for value, title in field.choices:
                    obs.obs_property_list_add_string(line, title, value)

    def _added(self, properties: Any, field: Field) -> Any:
        if field.kind == "button":
            line = obs.obs_properties_add_button(properties, field.name, field.label, self._pressed(field.name))
        else:
            line = _line(properties, field)
        if field.hint:
            obs.obs_property_set_long_description(line, field.hint)
        if field.steers:
            obs.obs_property_set_modified_callback(line, self._changed)
        return line

    def _pressed(self, name: str) -> Callable[[Any, Any], bool]:
        def pressed(properties: Any, line: Any) -> bool:
            self._press(name)
            self._bring(properties, self._lines(None))
            return True  # draw it again

        return pressed

    def _changed(self, properties: Any, line: Any, settings: Any) -> bool:
        self._bring(properties, self._lines(settings))
        return True


def put_defaults(settings: Any, fields: Sequence[Field]) -> None:
    """What every setting is as long as the user set nothing."""
    for field in fields:
        if field.kind == "group":
            put_defaults(settings, field.fields)
        elif field.kind not in ("note", "button"):
            put(settings, field.name, field.default, default=True)


def _line(made: Any, field: Field) -> Any:
    name, label = field.name, field.label
    if field.kind == "group":
        return obs.obs_properties_add_group(made, name, label, obs.OBS_GROUP_NORMAL, obs.obs_properties_create())
    if field.kind == "menu":
        return obs.obs_properties_add_list(made, name, label, obs.OBS_COMBO_TYPE_LIST, obs.OBS_COMBO_FORMAT_STRING)
    if field.kind == "bool":
        return obs.obs_properties_add_bool(made, name, label)
    if field.kind == "int":
        return obs.obs_properties_add_int(made, name, label, int(field.low), int(field.high), int(field.step))
    if field.kind == "float":
        return obs.obs_properties_add_float(made, name, label, field.low, field.high, field.step)
    if field.kind == "path":
        return obs.obs_properties_add_path(made, name, label, obs.OBS_PATH_FILE, "", "")
    look = obs.OBS_TEXT_INFO if field.kind == "note" else obs.OBS_TEXT_DEFAULT
    return obs.obs_properties_add_text(made, name, label, look)


class Hotkeys:
    """Named keys of OBS's settings; ``press`` gets the name when one goes down."""

    def __init__(self, titles: dict[str, str], press: Press) -> None:
        self._ids = {name: self._register(name, title, press) for name, title in titles.items()}

    def load(self, settings: Any) -> None:
        """The keys that the user chose before."""
        for name, number in self._ids.items():
            keys = obs.obs_data_get_array(settings, key(name))
            obs.obs_hotkey_load(number, keys)
            obs.obs_data_array_release(keys)

    def save(self, settings: Any) -> None:
        for name, number in self._ids.items():
            keys = obs.obs_hotkey_save(number)
            obs.obs_data_set_array(settings, key(name), keys)
            obs.obs_data_array_release(keys)

    def _register(self, name: str, title: str, press: Press) -> Any:
        return obs.obs_hotkey_register_frontend(key(name), title, lambda down: press(name) if down else None)


def key(name: str) -> str:
    """A hotkey's name in OBS, and in the settings."""
    return f"tam_studio.{name}"
