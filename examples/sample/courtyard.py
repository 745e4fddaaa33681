"""The set of the sample: an old courtyard on a sunny day, with nothing that moves.

Scene units are about 30 cm; x to the right, y away from the camera, z up, ground at z = 0.
"""

from __future__ import annotations

import math

import bpy
import looks
import numpy as np
from mathutils import Vector, noise

# From the ground to the sun: high, over the camera's left shoulder.
SUN_DIRECTION = Vector((-0.42, -0.62, 1.15)).normalized()
TRUNK_PLACE = (0.05, -1.85)
WALL_Y = 2.7

IVY = [(0.0, (0.012, 0.035, 0.006)), (0.6, (0.05, 0.12, 0.018)), (1.0, (0.16, 0.22, 0.035))]
GRASS = [(0.0, (0.03, 0.07, 0.01)), (0.6, (0.10, 0.17, 0.03)), (1.0, (0.28, 0.26, 0.09))]
FALLEN = [(0.0, (0.10, 0.04, 0.012)), (0.5, (0.36, 0.15, 0.02)), (1.0, (0.45, 0.32, 0.05))]


def build_courtyard() -> None:
    rng = np.random.default_rng(20)
    _ground_and_wall()
    _trunk()
    _door()
    _crate("crate_low", (-1.75, 1.35), 0.0, 0.75, 0.25)
    _crate("crate_high", (-1.72, 1.4), 0.75, 0.55, -0.3)
    _crate("crate_right", (1.55, 0.95), 0.0, 0.6, -0.45)
    _pots(rng)
    _ivy(rng)
    _grass(rng)
    _fallen_leaves(rng)
    _canopy(rng)
    _light()


def _ground_and_wall() -> None:
    bpy.ops.mesh.primitive_plane_add(size=40)
    bpy.context.object.data.materials.append(looks.cobbles())
    # The wall is drawn lying down and put upright, because the brick pattern runs in local x and y.
    bpy.ops.mesh.primitive_plane_add(size=24, location=(0, WALL_Y, 0), rotation=(math.pi / 2, 0, 0))
    bpy.context.object.data.materials.append(looks.bricks())


def _trunk() -> None:
    """A trunk near the camera, wide enough to hide the robot whole; flared and knotty."""
    rings, sides, top = 90, 96, 4.5
    turns = np.arange(sides) * 2 * np.pi / sides
    height, angle = np.meshgrid(np.linspace(-0.1, top, rings), turns, indexing="ij")
    radius = 0.335 + 0.16 * np.exp(-3.5 * np.maximum(height, 0))
    knots = [
        noise.noise(Vector((1.6 * math.cos(a), 1.6 * math.sin(a), 1.1 * z)))
        for z, a in zip(height.flat, angle.flat, strict=True)
    ]
    radius = radius + 0.035 * np.reshape(knots, radius.shape)
    lean = 0.02 * height
    vertices = np.stack([radius * np.cos(angle) + lean, radius * np.sin(angle), height], axis=-1)
    ring, side = np.meshgrid(np.arange(rings - 1), np.arange(sides), indexing="ij")
    after = (side + 1) % sides
    low, high = ring * sides, (ring + 1) * sides
    corners = [low + side, low + after, high + after, high + side]
    trunk = looks.mesh("trunk", vertices.reshape(-1, 3), np.stack(corners, axis=-1).reshape(-1, 4), looks.bark())
    trunk.location = (*TRUNK_PLACE, 0)
    trunk.data.shade_smooth()


def _door() -> None:
    """A painted plank door in the wall, right of the middle."""
    painted = looks.planks("painted_planks", (0.035, 0.10, 0.10), (0.12, 0.27, 0.25))
    beam = looks.planks("beam", (0.07, 0.045, 0.03), (0.24, 0.17, 0.11))
    upright = (0, math.pi / 2, 0)  # boards are modelled along local x
    for board in range(6):
        place = (0.62 + 0.2 * board, WALL_Y - 0.05, 1.2)
        looks.box(f"door_{board}", (2.4, 0.06, 0.19), place, painted, turn=(0, math.pi / 2, 0))
    for x in (0.45, 1.79):
        looks.box("door_post", (2.6, 0.16, 0.16), (x, WALL_Y - 0.06, 1.3), beam, turn=upright)
    for z in (0.5, 1.9):
        looks.box("door_bar", (1.1, 0.05, 0.14), (1.12, WALL_Y - 0.12, z), painted)
    stone = looks.clay("sill", (0.2,) * 3, (0.4,) * 3)
    looks.box("sill", (1.6, 0.45, 0.12), (1.12, WALL_Y - 0.2, 0.04), stone)


def _crate(name: str, place: tuple[float, float], floor: float, size: float, turn: float) -> None:
    wood = looks.planks(name, (0.10, 0.06, 0.03), (0.42, 0.29, 0.16))
    parent = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(parent)
    slats, slat = 4, size / 4
    for face in range(4):
        angle = face * math.pi / 2
        out = Vector((math.sin(angle), -math.cos(angle), 0)) * size / 2
        for row in range(slats):
            middle = (*out.xy, slat * (row + 0.5))
            looks.box(name, (size, 0.03, slat * 0.86), middle, wood, turn=(0, 0, angle)).parent = parent
        along = Vector((math.cos(angle), math.sin(angle), 0)) * size * 0.43
        for end in (along, -along):
            post = out * 1.06 + end
            upright, middle = (0, math.pi / 2, angle), (*post.xy, size / 2)
            looks.box(name, (size, 0.04, size * 0.12), middle, wood, turn=upright).parent = parent
    looks.box(name, (size * 0.97, size * 0.97, 0.03), (0, 0, size * 0.93), wood).parent = parent
    parent.location, parent.rotation_euler = (*place, floor), (0, 0, turn)


def _pots(rng: np.random.Generator) -> None:
    terracotta = looks.clay("terracotta", (0.22, 0.08, 0.04), (0.52, 0.22, 0.12))
    soil = looks.clay("soil", (0.02, 0.012, 0.008), (0.07, 0.045, 0.03))
    green = looks.foliage("pot_plant", IVY)
    pots = [(-0.55, 2.1, 0.34), (-0.95, 1.75, 0.26), (0.2, 2.2, 0.28), (2.1, 2.0, 0.36), (-2.6, 1.9, 0.4)]
    for x, y, size in pots:
        looks.cone("pot", (size * 0.7, size), size * 1.5, (x, y, size * 0.75), terracotta)
        looks.cone("rim", (size * 1.1, size * 1.12), size * 0.3, (x, y, size * 1.45), terracotta, bevel=0.01)
        looks.cone("soil", (size, size), 0.02, (x, y, size * 1.6), soil)
        count = 150
        outward = rng.normal(size=(count, 3)) + np.array([0, 0, 1.3])
        outward[:, 2] = abs(outward[:, 2])
        roots = (x, y, size * 1.6) + outward * (0.22, 0.22, 0.3) * size * rng.uniform(0.1, 1.6, (count, 1))
        lengths = size * rng.uniform(0.4, 1.2, count)
        looks.leaves("pot_plant", roots, outward, rng.normal(size=(count, 3)), lengths, 0.16, green)


def _ivy(rng: np.random.Generator) -> None:
    """Clumps hanging down the wall, thick at the upper left."""
    left = [(-2.6, 2.4, 0.55), (-1.6, 2.7, 0.5), (-0.6, 2.6, 0.42), (-2.2, 1.4, 0.3), (-0.2, 1.7, 0.22)]
    clumps = [
        rng.normal((x, WALL_Y - 0.08, z), (spread, 0.035, spread * 0.9), (int(2600 * spread), 3))
        for x, z, spread in [*left, (2.6, 2.0, 0.5)]
    ]
    roots = np.concatenate(clumps)
    roots[:, 1] = np.minimum(roots[:, 1], WALL_Y - 0.02)
    count = len(roots)
    hanging = rng.normal((0, -0.35, -1.0), (0.6, 0.25, 0.45), (count, 3))
    facing = rng.normal((0, -1, 0.4), 0.35, (count, 3))
    lengths = rng.uniform(0.09, 0.19, count)
    looks.leaves("ivy", roots, hanging, facing, lengths, 0.42, looks.foliage("ivy", IVY))


def _grass(rng: np.random.Generator) -> None:
    """Tufts at the foot of the wall, round the trunk and in some joints of the stones."""
    along_wall = rng.uniform(-4.5, 4.5, 1500)
    wall = np.column_stack([along_wall, WALL_Y - abs(rng.normal(0, 0.16, 1500)), np.zeros(1500)])
    angle = rng.uniform(0, 2 * np.pi, 500)
    reach = 0.46 + abs(rng.normal(0, 0.09, 500))
    around = np.column_stack([reach * np.cos(angle), reach * np.sin(angle), np.zeros(500)])
    trunk = around + np.array([*TRUNK_PLACE, 0])
    spots = rng.uniform((-4, -2.2, 0), (4, 2.3, 0), (45, 3))
    tufts = np.repeat(spots, 16, axis=0) + rng.normal(0, (0.05, 0.05, 0), (45 * 16, 3))
    roots = np.concatenate([wall, trunk, tufts])
    count = len(roots)
    lengths = np.concatenate([rng.uniform(0.1, 0.42, 2000), rng.uniform(0.06, 0.15, count - 2000)])
    leaning = rng.normal((0, 0, 1), (0.35, 0.35, 0.1), (count, 3))
    facing = rng.normal(size=(count, 3))
    looks.leaves("grass", roots, leaning, facing, lengths, 0.05, looks.foliage("grass", GRASS))


def _fallen_leaves(rng: np.random.Generator) -> None:
    count = 420
    roots = rng.uniform((-4.5, -3.2, 0.02), (4.5, 2.5, 0.03), (count, 3))
    lying = rng.normal((0, 0, 0.12), (1, 1, 0.08), (count, 3))
    facing = rng.normal((0, 0, 1), 0.2, (count, 3))
    lengths = rng.uniform(0.07, 0.15, count)
    looks.leaves("fallen", roots, lying, facing, lengths, 0.33, looks.foliage("fallen", FALLEN))


def _canopy(rng: np.random.Generator) -> None:
    """The crown of the tree, above the picture: breaks the sunlight into patches on wall and ground."""
    middle = np.array(Vector((0, 0.8, 0)) + SUN_DIRECTION * 6.5)
    clumps = middle + rng.uniform((-5, -3.2, -0.5), (5, 3.2, 0.6), (46, 3))
    roots = np.repeat(clumps, 42, axis=0) + rng.normal(0, 0.24, (46 * 42, 3))
    count = len(roots)
    lengths = rng.uniform(0.18, 0.34, count)
    shapes = rng.normal(size=(count, 3)), rng.normal((0, 0, 1), 0.4, (count, 3))
    looks.leaves("canopy", roots, *shapes, lengths, 0.4, looks.foliage("canopy", IVY))


def _light() -> None:
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle, sun.color = 5.5, math.radians(2.2), (1.0, 0.93, 0.82)
    lamp = bpy.data.objects.new("sun", sun)
    lamp.rotation_euler = SUN_DIRECTION.to_track_quat("Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(lamp)
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    sky = world.node_tree.nodes.new("ShaderNodeTexSky")
    sky.sky_type, sky.sun_disc = "NISHITA", False
    sky.sun_elevation = math.asin(SUN_DIRECTION.z)
    background = world.node_tree.nodes["Background"]
    background.inputs["Strength"].default_value = 0.22
    world.node_tree.links.new(sky.outputs["Color"], background.inputs["Color"])
    bpy.context.scene.world = world
