"""The files that make OBS start without its wizard: one profile, one scene, a media source "Clip", our script."""

import json
import uuid
from pathlib import Path
from typing import Any

NAME = "Test"
CLIP, SCENE, BACK = "Clip", "Scene", "Back"
GREEN = 0xFF00FF00

_GLOBAL = """[General]
FirstRun=true
LastVersion=486539266
Pre19Defaults=false
Pre21Defaults=false
Pre23Defaults=false
Pre24.1Defaults=false
EnableAutoUpdates=false
ConfirmOnExit=false
InfoIncrement=99999

[Basic]
Profile={name}
ProfileDir={name}
SceneCollection={name}
SceneCollectionFile={name}
ConfigOnNewProfile=false

[BasicWindow]
PreviewEnabled=true
ShowListboxToolbars=true
SysTrayEnabled=false

[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
ServerPort={port}
AlertsEnabled=false
AuthRequired=false
ServerPassword=
"""
_PROFILE = """[General]
Name={name}

[Video]
BaseCX={width}
BaseCY={height}
OutputCX={width}
OutputCY={height}
FPSType=0
FPSCommon=30

[Output]
Mode=Simple

[SimpleOutput]
FilePath={recordings}
RecFormat=mkv
RecQuality=Small
RecEncoder=x264
VBitrate=2000

[Hotkeys]
"""


def write_configuration(
    config: Path, *, port: int, clip: Path, size: tuple[int, int], recordings: Path, scripts: dict[Path, dict[str, Any]]
) -> None:
    """Below ``config``, which becomes XDG_CONFIG_HOME. ``size``: (width, height) of the canvas. Scripts -> settings."""
    root, (width, height) = config / "obs-studio", size
    profile, scenes = root / "basic" / "profiles" / NAME, root / "basic" / "scenes"
    for folder in (profile, scenes, recordings):
        folder.mkdir(parents=True, exist_ok=True)
    (root / "global.ini").write_text(_GLOBAL.format(name=NAME, port=port))
    (profile / "basic.ini").write_text(_PROFILE.format(name=NAME, width=width, height=height, recordings=recordings))
    collection = _collection(clip, size, scripts)
    (scenes / f"{NAME}.json").write_text(json.dumps(collection, indent=1))


def _collection(clip: Path, size: tuple[int, int], scripts: dict[Path, dict[str, Any]]) -> dict[str, Any]:
    playing = {"is_local_file": True, "local_file": str(clip), "looping": True, "hw_decode": False}
    sources = [
        _source(BACK, "color_source", {"color": GREEN, "width": size[0], "height": size[1]}),
        _source(CLIP, "ffmpeg_source", playing),
        _source(SCENE, "scene", {"id_counter": 2, "items": [_item(BACK, 1, size), _item(CLIP, 2, size)]}),
    ]
    loaded = [{"path": str(path), "settings": settings} for path, settings in scripts.items()]
    return {
        "name": NAME,
        "current_scene": SCENE,
        "current_program_scene": SCENE,
        "scene_order": [{"name": SCENE}],
        "sources": sources,
        "groups": [],
        "transitions": [],
        "quick_transitions": [],
        "current_transition": "Cut",
        "transition_duration": 300,
        "modules": {"scripts-tool": loaded},
    }


def _source(name: str, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    facts = {"name": name, "uuid": str(uuid.uuid4()), "id": kind, "versioned_id": kind, "settings": settings}
    return {**facts, "enabled": True, "mixers": 255, "volume": 1.0, "hotkeys": {}, "filters": []}


def _item(name: str, number: int, size: tuple[int, int]) -> dict[str, Any]:
    """Fitted into the canvas."""
    place = {"pos": {"x": 0.0, "y": 0.0}, "scale": {"x": 1.0, "y": 1.0}, "rot": 0.0, "align": 5}
    bounds = {"bounds_type": 2, "bounds_align": 0, "bounds": {"x": float(size[0]), "y": float(size[1])}}
    return {"name": name, "id": number, "visible": True, **place, **bounds}
