"""The only file that knows Blender's versions (3.4 to 5.x): everybody else calls a function of this one."""

from typing import Any

import bpy

from .timing import Rounding

VERSION: tuple[int, int, int] = tuple(bpy.app.version)
EDITORS = frozenset({"SEQUENCE_EDITOR", "CLIP_EDITOR", "IMAGE_EDITOR"})
RESULT_OF = "tam_studio"
"""Custom property of a strip that we made: the name of the strip that it is a result of."""


def sequencer_scene(context: Any) -> Any:
    """The scene that the sequencer shows: 5.x has one of its own for each workspace."""
    return getattr(context, "sequencer_scene", None) or context.scene


def strips(scene: Any) -> Any | None:
    """The top level strips of a scene, None if it has no sequencer."""
    editor = scene.sequence_editor
    if editor is None:
        return None
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def make_strips(scene: Any) -> Any:
    """The same; begins the scene's sequencer."""
    scene.sequence_editor_create()
    return strips(scene)


def active_strip(scene: Any) -> Any | None:
    return scene.sequence_editor.active_strip if scene.sequence_editor else None


def set_active_strip(scene: Any, strip: Any) -> None:
    scene.sequence_editor.active_strip = strip


def new_movie(scene: Any, name: str, path: str, channel: int, start: int) -> Any:
    """A movie strip whose first frame is at scene frame ``start``."""
    return make_strips(scene).new_movie(name, path, channel, start)


def new_images(scene: Any, name: str, paths: list[str], channel: int, start: int) -> Any:
    """An image strip of pictures of one folder, one a frame."""
    strip = make_strips(scene).new_image(name, paths[0], channel, start)
    for path in paths[1:]:
        strip.elements.append(bpy.path.basename(path))
    strip.frame_final_duration = len(paths)
    return strip


def new_effect(
    scene: Any, name: str, kind: str, channel: int, start: int, length: int, first: Any = None, second: Any = None
) -> Any:
    """An effect strip over ``length`` frames, of one or two others."""
    inputs = [one for one in (first, second) if one is not None]
    if VERSION >= (5, 0, 0):
        given: dict[str, Any] = dict(zip(("input1", "input2"), inputs, strict=False)) | {"length": length}
    elif hasattr(scene.sequence_editor, "strips"):
        given = dict(zip(("input1", "input2"), inputs, strict=False)) | {"frame_end": start + length}
    else:
        given = dict(zip(("seq1", "seq2"), inputs, strict=False)) | {"frame_end": start + length}
    return make_strips(scene).new_effect(name=name, type=kind, channel=channel, frame_start=start, **given)


def handles(strip: Any) -> tuple[int, int]:
    """The scene frames that the strip is seen on: the first, and the one after the last."""
    if hasattr(strip, "left_handle"):
        return int(strip.left_handle), int(strip.right_handle)
    return int(strip.frame_final_start), int(strip.frame_final_end)


def shader(name: str) -> Any:
    """A built-in 2D shader: "UNIFORM_COLOR", "IMAGE", "SMOOTH_COLOR" ...; needs the GPU."""
    import gpu

    return gpu.shader.from_builtin(f"2D_{name}" if VERSION < (4, 0, 0) else name)


def rotates_movies() -> bool:
    """Whether movies are shown turned as their metadata says."""
    return VERSION >= (4, 5, 0)


def redraw() -> None:
    """Have the editors that we draw in drawn again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in EDITORS:
                area.tag_redraw()


def push_undo(message: str) -> None:
    """A step for Ctrl+Z, from a timer too.

    Without an overridden context: Blender 3.4 looks into one without holding Python's lock, and crashes now and then
    while a thread of ours runs.
    """
    bpy.ops.ed.undo_push(message=message)


def has_progress_bar() -> bool:
    """Whether ``layout.progress`` is there."""
    return VERSION >= (4, 0, 0)


# Time of a strip


def content_start(strip: Any) -> float:
    """The scene frame of the first content frame, which a handle may hide."""
    return float(strip.content_start if hasattr(strip, "content_start") else strip.frame_start)


def content_span(strip: Any) -> float:
    """Scene frames that the content takes, hidden parts too."""
    hidden = strip.right_handle_offset if hasattr(strip, "right_handle_offset") else strip.frame_offset_end
    return float(handles(strip)[1] + hidden - content_start(strip))


def trims(strip: Any) -> tuple[int, int]:
    """Frames of the media left out before and after the content."""
    if hasattr(strip, "content_trim_start"):
        return int(strip.content_trim_start), int(strip.content_trim_end)
    return int(strip.animation_offset_start), int(strip.animation_offset_end)


def set_handles(strip: Any, first: int, stop: int) -> None:
    """Show the strip on the scene frames ``first`` .. ``stop`` (exclusive); the content stays where it is."""
    left, right = (
        ("left_handle", "right_handle")
        if hasattr(strip, "left_handle")
        else (
            "frame_final_start",
            "frame_final_end",
        )
    )
    setattr(strip, right, stop)
    setattr(strip, left, first)


def own_speed(strip: Any) -> float:
    """The strip's speed factor, which there was before retiming."""
    return float(getattr(strip, "speed_factor", 1.0))


def media_count(strip: Any) -> int | None:
    """Content frames of a movie, whatever its speed; None where Blender counts scene frames only."""
    return int(strip.frame_duration) if VERSION < (4, 0, 0) else None


def retiming(strip: Any) -> list[int]:
    """The scene frames of the retiming keys, none if the strip is not retimed."""
    return [int(key.timeline_frame) for key in getattr(strip, "retiming_keys", ())]


def position_rounding() -> Rounding:
    """How a position between two frames becomes a frame."""
    if VERSION < (4, 0, 0):
        return "down"
    return "nearest" if VERSION < (5, 0, 0) else "kept"


def scene_rate(scene: Any) -> float:
    """Frames a second."""
    return float(scene.render.fps / scene.render.fps_base)


def samples_corners() -> bool:
    """Whether strips are read at the corners of pixels, see ``Placement``."""
    return VERSION < (4, 1, 0)


def keeps_origin() -> bool:
    """Whether a strip's origin is not scaled in a preview of lower resolution, see ``Placement``."""
    return VERSION < (5, 2, 0)


# The compositor


def compositor(scene: Any) -> tuple[Any, Any]:
    """The scene's compositor nodes, which begin with the first call, and the node that is their output."""
    if VERSION < (5, 0, 0):
        begun = scene.node_tree is not None
        scene.use_nodes = True
        if not begun:
            scene.node_tree.nodes.clear()  # Blender begins with a render of the 3D scene
        return scene.node_tree, _node(scene.node_tree, "CompositorNodeComposite")
    if scene.compositing_node_group is None:
        tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = tree
    tree = scene.compositing_node_group
    return tree, _node(tree, "NodeGroupOutput")


def _node(tree: Any, kind: str) -> Any:
    return next((one for one in tree.nodes if one.bl_idname == kind), None) or tree.nodes.new(kind)


def apply_alpha(node: Any) -> None:
    """Let a Set Alpha node multiply the picture by the mask."""
    if hasattr(node, "mode"):
        node.mode = "APPLY"
    else:
        node.inputs["Type"].default_value = "Apply Mask"
