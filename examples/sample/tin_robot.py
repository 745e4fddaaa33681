"""The thing to be removed: a wind-up tin robot that waddles from left to right.

All parts hang on one empty, so that hiding and matting need only its name.
"""

from __future__ import annotations

import math

import bpy
import looks
from mathutils import Vector

ROBOT_NAME = "tin_robot"
STRIDE_FRAMES = 14
SIZE = 1.15


class TinRobot:
    """The built robot: `root` walks, the four `limbs` swing. Standing, it faces -y and is 1.3 units high."""

    def __init__(self) -> None:
        self.root = _empty(ROBOT_NAME, (0, 0, 0), None)
        self.root.scale = (SIZE,) * 3
        self._paints = {
            "teal": looks.paint("teal", (0.03, 0.26, 0.30)),
            "red": looks.paint("red", (0.55, 0.03, 0.02)),
            "yellow": looks.paint("yellow", (0.80, 0.46, 0.03)),
            "cream": looks.paint("cream", (0.75, 0.66, 0.48)),
            "steel": looks.paint("steel", (0.45, 0.45, 0.47), metal=0.9),
            "black": looks.paint("black", (0.015, 0.015, 0.018)),
        }
        self._trunk()
        self._head()
        self.limbs = [self._arm(-1), self._arm(1), self._leg(-1), self._leg(1)]

    def _adopt(self, part: bpy.types.Object, parent: bpy.types.Object | None = None) -> None:
        part.parent = parent or self.root

    def _trunk(self) -> None:
        paints = self._paints
        front = -0.165
        self._adopt(looks.box("body", (0.44, 0.32, 0.42), (0, 0, 0.50), paints["teal"], bevel=0.035))
        self._adopt(looks.box("belt", (0.45, 0.33, 0.05), (0, 0, 0.335), paints["red"], bevel=0.012))
        self._adopt(looks.box("panel", (0.30, 0.03, 0.22), (0, front, 0.55), paints["yellow"], bevel=0.01))
        lying = (math.pi / 2, 0, 0)
        for x, name in ((-0.075, "red"), (0.075, "cream")):
            place = (x, front - 0.02, 0.585)
            self._adopt(looks.cone("dial", (0.05, 0.045), 0.025, place, paints[name], turn=lying))
        for slot in range(3):
            place = (0, front - 0.015, 0.515 - 0.026 * slot)
            self._adopt(looks.box("slot", (0.2, 0.01, 0.012), place, paints["black"], bevel=0))
        self._adopt(looks.cone("key_stem", (0.02, 0.02), 0.16, (0, 0.22, 0.52), paints["steel"], turn=lying))
        self._adopt(looks.box("key", (0.2, 0.02, 0.1), (0, 0.3, 0.52), paints["steel"]))

    def _head(self) -> None:
        paints = self._paints
        lying = (math.pi / 2, 0, 0)
        self._adopt(looks.cone("neck", (0.1, 0.08), 0.08, (0, 0, 0.74), paints["steel"]))
        self._adopt(looks.box("head", (0.32, 0.27, 0.23), (0, 0, 0.88), paints["cream"], bevel=0.04))
        self._adopt(looks.box("mouth", (0.16, 0.02, 0.035), (0, -0.135, 0.815), paints["red"], bevel=0.006))
        for x in (-0.075, 0.075):
            self._adopt(looks.cone("eye", (0.052, 0.045), 0.04, (x, -0.14, 0.91), paints["yellow"], turn=lying))
            self._adopt(looks.ball("pupil", 0.026, (x, -0.155, 0.91), paints["black"]))
        for x in (-0.175, 0.175):
            turn = (0, math.pi / 2, 0)
            self._adopt(looks.cone("ear", (0.055, 0.055), 0.04, (x, 0, 0.88), paints["red"], turn=turn))
        self._adopt(looks.cone("aerial", (0.012, 0.012), 0.12, (0, 0, 1.05), paints["steel"]))
        self._adopt(looks.ball("aerial_tip", 0.035, (0, 0, 1.12), paints["red"]))

    def _arm(self, side: int) -> bpy.types.Object:
        shoulder = _empty("shoulder", (side * 0.27, 0, 0.62), self.root)
        self._adopt(looks.ball("joint", 0.068, (0, 0, 0), self._paints["yellow"]), shoulder)
        for ring in range(5):
            paint = self._paints["cream" if ring % 2 else "teal"]
            place = (side * 0.01, 0, -0.07 - 0.045 * ring)
            self._adopt(looks.cone("sleeve", (0.05, 0.05), 0.046, place, paint, bevel=0.008), shoulder)
        self._adopt(looks.ball("hand", 0.062, (side * 0.01, 0, -0.31), self._paints["red"]), shoulder)
        return shoulder

    def _leg(self, side: int) -> bpy.types.Object:
        hip = _empty("hip", (side * 0.115, 0, 0.32), self.root)
        self._adopt(looks.cone("leg", (0.065, 0.065), 0.24, (0, 0, -0.12), self._paints["steel"]), hip)
        self._adopt(looks.box("foot", (0.17, 0.28, 0.1), (0, -0.03, -0.27), self._paints["red"], bevel=0.03), hip)
        return hip

    def walk(self, frame: int, place: tuple[float, float], heading: float) -> None:
        """Key the pose of one frame. heading: radians; 0 faces the camera, positive turns to the right."""
        phase = 2 * math.pi * frame / STRIDE_FRAMES
        sway = math.sin(phase)
        self.root.location = (*place, 0.015 + 0.02 * abs(math.cos(phase)))
        self.root.rotation_euler = (0, math.radians(4.5) * sway, heading + math.radians(7) * math.cos(phase))
        swings = (sway, -sway, -sway, sway)
        for limb, swing, reach in zip(self.limbs, swings, (32, 32, 17, 17), strict=True):
            limb.rotation_euler.x = math.radians(reach) * swing
            limb.keyframe_insert("rotation_euler", frame=frame)
        self.root.keyframe_insert("location", frame=frame)
        self.root.keyframe_insert("rotation_euler", frame=frame)

    def corners(self) -> list[Vector]:
        """The corners of all parts' bounding boxes at the current frame, in scene units."""
        parts = self.root.children_recursive
        return [part.matrix_world @ Vector(corner) for part in parts if part.data for corner in part.bound_box]

    def hide(self) -> None:
        """Take the robot, and with it its shadow, out of the render."""
        for part in self.root.children_recursive:
            part.hide_render = True


def _empty(name: str, place: tuple[float, float, float], parent: bpy.types.Object | None) -> bpy.types.Object:
    empty = bpy.data.objects.new(name, None)
    empty.location, empty.parent = place, parent
    bpy.context.scene.collection.objects.link(empty)
    return empty
