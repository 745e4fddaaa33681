"""Runs inside a Blender with a window: does what a test asks for and no mouse could, and tells what is known.

A test writes ``ask.json`` (a function of this file, its arguments), a timer of ours answers in ``answer.json``. So
Blender's own loop runs on all the time, and the test has the mouse and the keyboard.
"""

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import hosting

FOLDER = Path(hosting.arguments()[1])
BEAT = 0.05
PACKAGE: list[str] = []
BLOCKED = {"last": 0.0, "longest": 0.0}
"""When the watching timer ran last, and its longest pause."""


def install() -> dict[str, Any]:
    PACKAGE[:] = [hosting.install(hosting.arguments()[0])]
    return {"package": PACKAGE[0]}


def movie(path: str, width: int, height: int) -> dict[str, Any]:
    """A movie in the sequencer of a scene of that size."""
    return _shown(ours("bridge").new_movie(_scene(), "clip", path, 1, 1), width, height)


def pictures(paths: list[str], width: int, height: int) -> dict[str, Any]:
    return _shown(ours("bridge").new_images(_scene(), "pictures", paths, 1, 1), width, height)


def _shown(strip: Any, width: int, height: int) -> dict[str, Any]:
    scene = _scene()
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.fps, scene.frame_end = 24, strip.frame_final_end - 1
    scene.sequence_editor.active_strip = strip
    scene.frame_set(1)
    return fit()


def place(flip: Any = (False, False), crop: Any = (0, 0, 0, 0), percentage: int = 100, **transform: Any) -> None:
    """What ``transform`` does not say is as it was at first. ``crop``: left, right, top, bottom."""
    strip = _scene().sequence_editor.active_strip
    look = {"offset_x": 0, "offset_y": 0, "scale_x": 1, "scale_y": 1, "rotation": 0, "origin": (0.5, 0.5)} | transform
    for name, value in look.items():
        setattr(strip.transform, name, value)
    strip.use_flip_x, strip.use_flip_y = flip
    strip.crop.min_x, strip.crop.max_x, strip.crop.max_y, strip.crop.min_y = crop
    _scene().render.resolution_percentage = percentage


def fit() -> dict[str, Any]:
    """The whole picture in the preview."""
    area, region = _preview()
    with bpy.context.temp_override(window=_window(), area=area, region=region):
        bpy.ops.sequencer.refresh_all()
        bpy.ops.sequencer.view_all_preview()
    return layout()


def zoom(ratio: float) -> None:
    """Of the preview: so many pixels of the screen for one of the scene."""
    area, region = _preview()
    with bpy.context.temp_override(window=_window(), area=area, region=region):
        bpy.ops.sequencer.view_zoom_ratio(ratio=ratio)


def layout() -> dict[str, Any]:
    """Where areas and regions are, from the top left of the screen: (left, top, right, bottom)."""
    return {
        _name(area): {
            "area": _box(area),
            **{region.type: _box(region) for region in area.regions if region.width > 1},
        }
        for area in _window().screen.areas
    }


def _name(area: Any) -> str:
    view = area.spaces.active.view_type if area.type == "SEQUENCE_EDITOR" else ""
    return f"{area.type} {view}".strip()


def show_editor(instead_of: str, kind: str, **facts: Any) -> dict[str, Any]:
    """Another editor in an area."""
    area = next(area for area in _window().screen.areas if area.type == instead_of)
    area.type = kind
    for name, value in facts.items():
        block = value
        if name == "clip":
            block = bpy.data.movieclips.load(value)
        elif name == "image":
            block = bpy.data.images.load(value)
        setattr(area.spaces.active, name, block)
    return layout()


def fit_editor(kind: str) -> None:
    area = next(area for area in _window().screen.areas if area.type == kind)
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=_window(), area=area, region=region):
        {"CLIP_EDITOR": bpy.ops.clip, "IMAGE_EDITOR": bpy.ops.image}[kind].view_all(fit_view=True)


def sidebar(shown: bool) -> dict[str, Any]:
    """Of the preview."""
    area, _ = _preview()
    area.spaces.active.show_region_ui = shown
    return layout()


def open_target(engine: str, segmenter: str) -> None:
    """With engines that need no download."""
    area, region = _preview()
    with bpy.context.temp_override(window=_window(), area=area, region=region):
        bpy.ops.tam.open(engine=engine, segmenter=segmenter)


def overlays(shown: bool) -> None:
    """The switch in the header of the preview."""
    _preview()[0].spaces.active.show_overlays = shown


def show_objects(shown: bool) -> None:
    area, region = _preview()
    with bpy.context.temp_override(window=_window(), area=area, region=region):
        bpy.ops.tam.objects_show(show=shown)


def known() -> dict[str, Any]:
    """What the add-on knows."""
    studio = ours("studio").studio()
    session = next(iter(studio.sessions.values()), None)
    tool = ours("pick.tool").tool_on()
    facts = {
        "problem": studio.problem,
        "waits": studio.waits,
        "connection": studio.connection.state,
        "worker": studio.connection.health.pid if studio.connection.health else None,
        "frame": _scene().frame_current,
        "strips": len(ours("bridge").strips(_scene()) or ()),
        "tool": tool is not None,
        "status": tool.picker.status if tool else "",
        "hover": tool is not None and tool.picker.hover is not None,
    }
    return facts | (_of(session) if session else {"session": None})


def _of(session: Any) -> dict[str, Any]:
    state, properties = session.state, ours("properties")
    rows = ours("link.raster", above=True).rows
    return {
        "session": state.id,
        "objects": [one.object_id for one in state.objects],
        "active": properties.active_object(session.target_key),
        "listed": [one.object_id for one in next(properties.sources()).objects],
        "step": state.step,
        "undo": state.undo,
        "prompts": {frame: [_said(one) for one in said] for frame, said in session.prompts.items() if said},
        "boxes": {
            frame: {number: _around(rows(mask)) for number, mask in masks.items()}
            for frame, masks in list(session.masks.items())[:3]
        },
        "masks": len([1 for masks in session.masks.values() if masks]),
        "jobs": [(job.kind, job.status, job.done) for job in state.jobs],
        "removal": state.removal is not None,
    }


def _said(prompt: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(prompt).items() if name in ("object_id", "x", "y", "xyxy", "positive")}


def _around(rows: Any) -> list[int]:
    """(left, top, right, bottom) of a mask, [] for an empty one."""
    spans = [(y, x0, x1) for y, row in enumerate(rows) for x0, x1 in row]
    if not spans:
        return []
    return [min(x0 for _, x0, _ in spans), spans[0][0], max(x1 for _, _, x1 in spans), spans[-1][0] + 1]


def clipboard() -> str:
    """What was copied since this was asked the last time."""
    copied = bpy.context.window_manager.clipboard
    bpy.context.window_manager.clipboard = " "
    return str(copied)


def save(path: str) -> None:
    """The name that Ctrl+S then uses."""
    bpy.ops.wm.save_as_mainfile(filepath=path)


def load(path: str) -> None:
    bpy.ops.wm.open_mainfile(filepath=path)


def kill_worker() -> None:
    os.kill(ours("studio").studio().connection.health.pid, signal.SIGKILL)


def kill_worker_while_tracking() -> None:
    """As soon as it says that it tracks: a test that looked for itself would come too late."""
    bpy.app.timers.register(_kill_while_tracking)


def _kill_while_tracking() -> float | None:
    session = next(iter(ours("studio").studio().sessions.values()))
    if not any(job.kind == "track" and job.status == "running" and job.done for job in session.jobs):
        return 0.005
    kill_worker()
    return None


def watch() -> None:
    """Measure from now on how long the main thread does not come round."""
    ours("studio").studio().longest.clear()
    BLOCKED.update(last=0.0, longest=0.0)
    if not bpy.app.timers.is_registered(_watching):
        bpy.app.timers.register(_watching, persistent=True)


def _watching() -> float:
    now = time.perf_counter()
    if BLOCKED["last"]:
        BLOCKED["longest"] = max(BLOCKED["longest"], now - BLOCKED["last"])
    BLOCKED["last"] = now
    return 0.005


def blocked() -> dict[str, Any]:
    """Longest seconds since ``watch``: of Blender's loop as a whole, and of what is ours, by name."""
    return {"loop": BLOCKED["longest"], "ours": dict(ours("studio").studio().longest)}


def leave() -> None:
    bpy.ops.wm.quit_blender()


def ours(name: str, above: bool = False) -> Any:
    """A module of the add-on; ``above``: not of its folder for Blender."""
    import importlib

    return importlib.import_module(f"{PACKAGE[0]}.{name}" if above else f"{PACKAGE[0]}.blender.{name}")


def _window() -> Any:
    return bpy.context.window_manager.windows[0]


def _scene() -> Any:
    return _window().scene


def _preview() -> tuple[Any, Any]:
    for area in _window().screen.areas:
        if area.type == "SEQUENCE_EDITOR" and area.spaces.active.view_type == "PREVIEW":
            return area, next(region for region in area.regions if region.type == "PREVIEW")
    raise LookupError("no preview")


def _box(of: Any) -> list[int]:
    height = _window().height
    return [of.x, height - of.y - of.height, of.x + of.width, height - of.y]


def _listen() -> float:
    asked = FOLDER / "ask.json"
    if asked.exists():
        name, arguments = json.loads(asked.read_text())
        asked.unlink()
        try:
            answer = {"answer": globals()[name](**arguments)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        (FOLDER / "answer.part").write_text(json.dumps(answer))
        (FOLDER / "answer.part").rename(FOLDER / "answer.json")
    return BEAT


bpy.context.preferences.view.show_splash = False  # it would take the first key
bpy.app.timers.register(_listen, persistent=True)
