"""Render the sample video of tam-studio: a tin robot walks behind a tree (Blender's Python, CPU only).

Writes PNG frames into a folder outside the repository; `encode_sample.py` makes the committed files of them.
Frames that are there already are skipped, so that a render which was stopped goes on where it was.

    python make_sample.py /tmp/sample_render [--frames 0,30,71] [--samples 4]
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import bpy
from bpy_extras.object_utils import world_to_camera_view
from courtyard import SUN_DIRECTION, build_courtyard
from mathutils import Vector
from tin_robot import ROBOT_NAME, TinRobot

FRAME_COUNT = 72
SIZE = (640, 360)
FRAME_RATE = 24
BOX_MARGIN = 30  # pixels; encode_sample.py blends over the outermost of them


def empty_scene() -> bpy.types.Scene:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


def shake(frame: float, speeds: tuple[float, ...]) -> float:
    """A handheld wobble in -1 to 1: slow sines whose periods do not meet within the shot."""
    return sum(math.sin(speed * frame + 2.1 * index) for index, speed in enumerate(speeds)) / len(speeds)


def add_camera(scene: bpy.types.Scene) -> None:
    """A pan with a slight dolly in; it travels sideways, so that near and far things part (true parallax)."""
    lens = bpy.data.cameras.new("camera")
    lens.angle = math.radians(40)
    lens.dof.use_dof, lens.dof.aperture_fstop, lens.dof.focus_distance = True, 2.0, 5.6
    camera = bpy.data.objects.new("camera", lens)
    scene.collection.objects.link(camera)
    scene.camera = camera
    for frame in range(-1, FRAME_COUNT + 1):
        progress = frame / (FRAME_COUNT - 1)
        wobble = Vector((shake(frame, (0.21, 0.37, 0.83)), 0, shake(frame, (0.17, 0.43, 0.71))))
        camera.location = Vector((-0.28 + 0.56 * progress, -5.65 + 0.2 * progress, 1.32)) + 0.012 * wobble
        target = Vector((-0.04 + 0.2 * progress, 0, 0.66)) + 0.03 * wobble
        camera.rotation_euler = (target - camera.location).to_track_quat("-Z", "Y").to_euler()
        camera.rotation_euler.rotate_axis("Z", math.radians(0.3) * shake(frame, (0.29, 0.53)))
        camera.keyframe_insert("location", frame=frame)
        camera.keyframe_insert("rotation_euler", frame=frame)


def walk_robot(robot: TinRobot) -> None:
    """From left to right at a constant pace, turning a little towards the camera and back."""
    for frame in range(-1, FRAME_COUNT + 1):
        progress = frame / (FRAME_COUNT - 1)
        place = (-1.25 + 2.6 * progress, -0.05 + 0.2 * math.sin(math.pi * progress))
        robot.walk(frame, place, math.radians(28 + 22 * math.cos(2 * math.pi * progress)))


def set_up_render(scene: bpy.types.Scene, samples: int) -> None:
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    scene.render.fps = FRAME_RATE
    scene.render.engine = "CYCLES"
    scene.render.use_persistent_data = True
    scene.render.use_motion_blur, scene.render.motion_blur_shutter = True, 0.25
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGB"
    scene.cycles.samples, scene.cycles.adaptive_threshold = samples, 0.03
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces, scene.cycles.glossy_bounces = 3, 1, 2
    scene.cycles.use_denoising, scene.cycles.denoiser = True, "OPENIMAGEDENOISE"
    scene.cycles.denoising_quality = "BALANCED"
    scene.cycles.sample_clamp_indirect = 4.0
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.view_settings.exposure = 0.6


def write_mattes(scene: bpy.types.Scene, folder: Path) -> None:
    """Write, with each picture, where the robot covers half of the pixel or more (by cryptomatte)."""
    layer = scene.view_layers[0]
    layer.use_pass_cryptomatte_asset = True
    scene.use_nodes = True
    nodes, links = scene.node_tree.nodes, scene.node_tree.links
    nodes.clear()
    picture, composite = nodes.new("CompositorNodeRLayers"), nodes.new("CompositorNodeComposite")
    links.new(picture.outputs["Image"], composite.inputs["Image"])
    matte = nodes.new("CompositorNodeCryptomatteV2")
    matte.scene, matte.layer_name, matte.matte_id = scene, f"{layer.name}.CryptoAsset", ROBOT_NAME
    half = nodes.new("CompositorNodeMath")
    half.operation = "GREATER_THAN"
    half.inputs[1].default_value = 0.4999
    links.new(matte.outputs["Matte"], half.inputs[0])
    output = nodes.new("CompositorNodeOutputFile")
    output.base_path = str(folder)
    output.format.file_format, output.format.color_mode = "PNG", "BW"
    output.file_slots[0].save_as_render = False  # 0 and 1 go out as 0 and 255, no tone mapping
    output.file_slots[0].path = "#####"
    links.new(half.outputs[0], output.inputs[0])


def look_only_at_the_robot(scene: bpy.types.Scene, robot: TinRobot) -> None:
    """Limit the render to a box round the robot and its shadow: nothing else differs without it.

    Outside of the box the picture has alpha 0.
    """
    corners = robot.corners()
    shadow = [corner - SUN_DIRECTION * (corner.z / SUN_DIRECTION.z) for corner in corners]
    seen = [world_to_camera_view(scene, scene.camera, point) for point in corners + shadow]
    for axis, pixels in zip("xy", SIZE, strict=True):
        places = [getattr(point, axis) for point in seen]
        setattr(scene.render, f"border_min_{axis}", max(0.0, min(places) - BOX_MARGIN / pixels))
        setattr(scene.render, f"border_max_{axis}", min(1.0, max(places) + BOX_MARGIN / pixels))


def render_pass(scene: bpy.types.Scene, folder: Path, frames: list[int], before: Callable[[], None]) -> None:
    """Render the missing frames, calling `before` at each. A picture gets its name after its matte."""
    for frame in frames:
        target = folder / f"{frame:05d}.png"
        if target.exists():
            continue
        started = time.monotonic()
        scene.frame_set(frame)
        scene.cycles.seed = frame  # the same noise with and without the robot
        before()
        unfinished = folder / f"{frame:05d}.part.png"
        scene.render.filepath = str(unfinished)
        bpy.ops.render.render(write_still=True)
        unfinished.rename(target)
        print(f"{target}: {time.monotonic() - started:.1f} s", flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="folder for the raw renders, outside the repository")
    parser.add_argument("--frames", default=",".join(map(str, range(FRAME_COUNT))))
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--passes", default="video,background")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    frames = [int(frame) for frame in arguments.frames.split(",")]
    folder = arguments.output.resolve()
    scene = empty_scene()
    build_courtyard()
    robot = TinRobot()
    add_camera(scene)
    walk_robot(robot)
    set_up_render(scene, arguments.samples)
    if "video" in arguments.passes:
        write_mattes(scene, folder / "masks")
        render_pass(scene, folder / "video", frames, before=lambda: None)
    if "background" in arguments.passes:
        scene.use_nodes = False
        robot.hide()
        scene.render.use_border, scene.render.image_settings.color_mode = True, "RGBA"
        render_pass(scene, folder / "background", frames, before=lambda: look_only_at_the_robot(scene, robot))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # the wheel of Blender may hang in its exit handlers
