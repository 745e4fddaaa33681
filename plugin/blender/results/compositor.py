"""The object cut out in the scene's compositor: video and matte, joined by Set Alpha."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import bpy

from .. import bridge, strips
from ..operators.common import NeedsSession, chosen_objects, here
from ..target import Target
from ..timing import Timing
from . import waiting

COLUMN = 260


def add_nodes(scene: Any, name: str, video: str, timing: Timing, pictures: Mapping[int, str]) -> Any:
    """A frame of nodes with the cut out object; joined to the output only if nothing is. Raises TimingError.

    ``video``: a movie file, or the first picture of a folder. The compositor counts frames one by one.
    """
    if timing.speed != 1 or timing.reverse or timing.strobe > 1 or timing.warp or timing.shown:
        raise strips.TimingError("The compositor plays every frame once: it cannot follow a strip that changes speed")
    tree, output = bridge.compositor(scene)
    start, count = round(timing.start) - timing.trim, max(pictures) + 1
    frame = tree.nodes.new("NodeFrame")
    frame.label = frame.name = name
    movie = Path(video).suffix.lower() not in strips.PICTURES
    picture = _image_node(
        tree, video, "MOVIE" if movie else "SEQUENCE", start, count, 0 if movie else _number(video) - 1
    )
    mask = _image_node(tree, pictures[min(pictures)], "SEQUENCE", start, count, -1)
    mask.image.colorspace_settings.name = "Non-Color"
    cut = tree.nodes.new("CompositorNodeSetAlpha")
    bridge.apply_alpha(cut)
    tree.links.new(picture.outputs["Image"], cut.inputs["Image"])
    tree.links.new(mask.outputs["Image"], cut.inputs["Alpha"])
    for column, node in enumerate((picture, mask, cut)):
        node.parent, node.location = frame, (column * COLUMN, 0)
    if not output.inputs[0].is_linked:
        tree.links.new(cut.outputs[0], output.inputs[0])
    return frame


def _image_node(tree: Any, path: str, source: str, start: int, count: int, offset: int) -> Any:
    node = tree.nodes.new("CompositorNodeImage")
    node.image = bpy.data.images.load(path, check_existing=False)
    node.image.source = source
    node.frame_duration, node.frame_start, node.frame_offset = count, start, offset
    node.use_auto_refresh = True
    return node


def _number(path: str) -> int:
    """The number that a picture's name ends with: Blender counts pictures by it."""
    digits = Path(path).stem.rstrip("0123456789")
    return int(Path(path).stem[len(digits) :] or 0)


class TAM_OT_compositor(NeedsSession, bpy.types.Operator):
    """Add nodes to the scene's compositor that cut the objects out"""

    bl_idname = "tam.compositor"
    bl_label = "Compositor Nodes"

    def execute(self, context: Any) -> set[str]:
        found, session = here(context)
        if waiting.lacks_objects(self, session):
            return {"CANCELLED"}
        try:
            timing, scene_name = waiting.timing_here(context, found, session), context.scene.name
        except strips.TimingError as error:
            self.report({"WARNING"}, str(error))
            return {"CANCELLED"}
        video = _video_file(found)

        def place(folder: Path) -> Iterator[Any]:
            scene, pictures = bpy.data.scenes[scene_name], waiting.pictures(folder)
            yield add_nodes(scene, f"{found.name} cut out", video, timing, pictures)

        waiting.export_then(session, "matte", chosen_objects(context, session), place, self.bl_label)
        return {"FINISHED"}


def _video_file(found: Target) -> str:
    if not os.path.isdir(found.path):
        return found.path
    return os.path.join(found.path, strips.folder_pictures(found.path)[0])
