"""Sources, scenes and filters of the running OBS, by their names; see ``Obs`` in ports.py."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import obspython as obs

from ..ports import Affine, Camera, Playing, Setting, Size
from .cameras import Shooting
from .places import Place, places_in, put_at
from .references import data, filter_of, put, settings_of, source, sources

MEDIA = "ffmpeg_source"
LOG_COLUMNS = 64
"""The window of the log, which opens for a warning, does not break lines."""


class Program:
    """``settings`` are the script's own, which OBS keeps for as long as it is loaded."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings

    def log(self, text: str, warning: bool = False) -> None:
        for line in textwrap.wrap(text, LOG_COLUMNS) if warning else [text]:
            obs.script_log(obs.LOG_WARNING if warning else obs.LOG_INFO, line)

    def keep(self, name: str, value: str) -> None:
        put(self._settings, name, value)

    # Sources

    def video_sources(self) -> list[str]:
        with sources(obs.obs_enum_sources()) as found:
            shown = [one for one in found if obs.obs_source_get_output_flags(one) & obs.OBS_SOURCE_VIDEO]
            return [obs.obs_source_get_name(one) for one in shown] + self.scenes()

    def media_file(self, name: str) -> str:
        with source(name) as found:
            if found is None or obs.obs_source_get_unversioned_id(found) != MEDIA:
                return ""
            with settings_of(found) as settings:
                local = obs.obs_data_get_bool(settings, "is_local_file")
                return str(obs.obs_data_get_string(settings, "local_file")) if local else ""

    def playing(self, name: str) -> Playing | None:
        with source(name) as found:
            if found is None:
                return None
            plays = obs.obs_source_media_get_state(found) == obs.OBS_MEDIA_STATE_PLAYING
            return Playing(plays, obs.obs_source_media_get_time(found) / 1000, _size(found))

    def play(self, name: str, file: str) -> None:
        with source(name) as found, data({"is_local_file": True, "local_file": file}) as settings:
            if found is not None:
                obs.obs_source_update(found, settings)

    def size(self, name: str) -> Size:
        with source(name) as found:
            return (0, 0) if found is None else _size(found)

    def cover(self, name: str, cover: str, file: str) -> bool:
        with source(name) as below, sources(obs.obs_frontend_get_scenes()) as found:
            if below is None:
                return False
            scenes = [obs.obs_scene_from_source(one) for one in found]
            places = [(scene, place) for scene in scenes for place in places_in(scene, below)]
            if places:
                self._cover(below, places, cover, file)
            return bool(places)

    def remove(self, name: str) -> None:
        with source(name) as found:
            if found is not None:
                obs.obs_source_remove(found)

    # Scenes

    def scenes(self) -> list[str]:
        with sources(obs.obs_frontend_get_scenes()) as found:
            return [obs.obs_source_get_name(one) for one in found]

    def current_scene(self) -> str:
        found = obs.obs_frontend_get_current_scene()
        if found is None:
            return ""
        name = str(obs.obs_source_get_name(found))
        obs.obs_source_release(found)
        return name

    def canvas(self) -> Size:
        info = obs.obs_video_info()
        obs.obs_get_video_info(info)
        return info.base_width, info.base_height

    def place(self, name: str) -> Affine | None:
        with source(self.current_scene()) as shown:
            item = None if shown is None else obs.obs_scene_find_source(obs.obs_scene_from_source(shown), name)
            if item is None:
                return None
            drawn, crop = obs.matrix4(), obs.obs_sceneitem_crop()
            obs.obs_sceneitem_get_draw_transform(item, drawn)
            obs.obs_sceneitem_get_crop(item, crop)
            return _without_crop(drawn, crop.left, crop.top)

    # Filters

    def has_filter(self, name: str, filter_name: str) -> bool:
        with source(name) as found, filter_of(found, filter_name) as there:
            return there is not None

    def put_filter(self, name: str, filter_name: str, kind: str, settings: Mapping[str, Setting]) -> None:
        with source(name) as found, filter_of(found, filter_name) as there, data(settings) as given:
            if there is not None:
                obs.obs_source_update(there, given)
            elif found is not None:
                made = obs.obs_source_create(kind, filter_name, given, None)
                obs.obs_source_filter_add(found, made)
                obs.obs_source_release(made)

    def drop_filter(self, name: str, filter_name: str) -> None:
        with source(name) as found, filter_of(found, filter_name) as there:
            if there is not None:
                obs.obs_source_filter_remove(found, there)

    # Recording, pictures

    def last_recording(self) -> str:
        """From the settings of the output: OBS's own function for it leaks its answer in Python."""
        output = obs.obs_frontend_get_recording_output()
        if output is None:
            return ""
        settings = obs.obs_output_get_settings(output)
        path = obs.obs_data_get_string(settings, "path") or obs.obs_data_get_string(settings, "url")
        obs.obs_data_release(settings)
        obs.obs_output_release(output)
        return str(path)

    def camera(self, name: str, size: Size, without: Sequence[str]) -> Camera:
        return Shooting(name, size, without)

    def _cover(self, below: Any, places: list[tuple[Any, Place]], cover: str, file: str) -> None:
        """A silent media source over every place, drawn as the one below."""
        with settings_of(below) as like, data({}) as given:
            obs.obs_data_apply(given, like)
            put(given, "is_local_file", True)
            put(given, "local_file", file)
            made = obs.obs_source_create(MEDIA, cover, given, None)
        obs.obs_source_set_muted(made, True)
        obs.obs_source_copy_filters(made, below)
        for scene, place in places:
            put_at(scene, made, place)
        obs.obs_source_release(made)


def _size(found: Any) -> Size:
    return obs.obs_source_get_width(found), obs.obs_source_get_height(found)


def _without_crop(drawn: Any, left: int, top: int) -> Affine:
    """OBS's matrix is for rows, and for what the crop leaves of a source."""
    across, down, begin = drawn.x, drawn.y, drawn.t
    return Affine(
        across.x,
        down.x,
        begin.x - across.x * left - down.x * top,
        across.y,
        down.y,
        begin.y - across.y * left - down.y * top,
    )
