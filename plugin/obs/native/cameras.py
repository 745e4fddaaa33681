"""Pictures of a source, drawn small by the graphics card and read back one call later, so that nobody waits for them.

obspython can do all of it but hand over the pixels: their address comes from OBS's own library through ctypes.
"""

import ctypes
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import obspython as obs

from ..ports import Picture, Size
from .references import filter_of, source


class Shooting:
    """A camera, see ports.py. Opens nothing on the graphics card before the first picture."""

    def __init__(self, name: str, size: Size, without: Sequence[str]) -> None:
        self._name, self._size, self._without = name, size, without
        self._target: Any = None
        self._staged: Any = None
        self._ready = False

    def shoot(self) -> None:
        with source(self._name) as found:
            if found is None:
                return
            shown = [name for name in self._without if _enabled(found, name)]
            _enable(found, shown, False)
            with _graphics():
                self._draw(found)
            _enable(found, shown, True)

    def take(self) -> Picture | None:
        if not self._ready:
            return None
        self._ready = False
        with _graphics():
            return self._read()

    def close(self) -> None:
        if self._target is None:
            return
        with _graphics():
            obs.gs_stagesurface_destroy(self._staged)
            obs.gs_texrender_destroy(self._target)
        self._target, self._ready = None, False

    def _draw(self, found: Any) -> None:
        width, height = self._size
        if self._target is None:
            self._target = obs.gs_texrender_create(obs.GS_BGRA, obs.GS_ZS_NONE)
            self._staged = obs.gs_stagesurface_create(width, height, obs.GS_BGRA)
        obs.gs_texrender_reset(self._target)
        if not obs.gs_texrender_begin(self._target, width, height):
            return
        black = obs.vec4()
        obs.vec4_zero(black)
        obs.gs_clear(obs.GS_CLEAR_COLOR, black, 0.0, 0)
        across, down = obs.obs_source_get_width(found), obs.obs_source_get_height(found)
        obs.gs_ortho(0.0, float(across), 0.0, float(down), -100.0, 100.0)
        obs.obs_source_video_render(found)
        obs.gs_texrender_end(self._target)
        obs.gs_stage_texture(self._staged, obs.gs_texrender_get_texture(self._target))
        self._ready = True

    def _read(self) -> Picture | None:
        address, line = ctypes.c_void_p(), ctypes.c_uint32()
        if not _map()(int(self._staged), ctypes.byref(address), ctypes.byref(line)):
            return None
        width, height = self._size
        pixels = ctypes.string_at(address.value or 0, line.value * height)
        obs.gs_stagesurface_unmap(self._staged)
        return Picture(width, height, line.value, pixels)


def _map() -> Any:
    """OBS's gs_stagesurface_map. The library is in the process already, whatever its file is called."""
    library = ctypes.CDLL("obs" if sys.platform == "win32" else None)
    function = library.gs_stagesurface_map
    function.restype = ctypes.c_bool
    function.argtypes = ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_uint32)
    return function


@contextmanager
def _graphics() -> Iterator[None]:
    obs.obs_enter_graphics()
    try:
        yield
    finally:
        obs.obs_leave_graphics()


def _enabled(found: Any, name: str) -> bool:
    with filter_of(found, name) as there:
        return there is not None and bool(obs.obs_source_enabled(there))


def _enable(found: Any, names: Sequence[str], on: bool) -> None:
    """Between two pictures of OBS: nobody sees the source without its filters."""
    for name in names:
        with filter_of(found, name) as there:
            if there is not None:
                obs.obs_source_set_enabled(there, on)
