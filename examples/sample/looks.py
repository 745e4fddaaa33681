"""Procedural materials and mesh primitives for the sample scene.

Knows Blender's shader nodes and meshes; knows nothing of the story (what stands where, what moves). All
surfaces are computed from noise, so that the sample needs no picture made by somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

Colour = tuple[float, float, float]
Triple = tuple[float, float, float]
Stops = Sequence[tuple[float, Colour]]


class ShaderGraph:
    """A material under construction; an input is either a plain value or an output socket to be linked."""

    def __init__(self, name: str) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self._tree = self.material.node_tree
        self.surface = self._tree.nodes["Principled BSDF"]
        self.position = self.add("ShaderNodeTexCoord").outputs["Object"]

    def add(self, kind: str, inputs: dict[str, object] | None = None, **settings: object) -> bpy.types.Node:
        node = self._tree.nodes.new(kind)
        for name, value in settings.items():
            setattr(node, name, value)
        self.feed(node, inputs or {})
        return node

    def feed(self, node: bpy.types.Node, inputs: dict[str, object]) -> None:
        for name, value in inputs.items():
            if isinstance(value, bpy.types.NodeSocket):
                self._tree.links.new(value, node.inputs[name])
            else:
                node.inputs[name].default_value = value

    def stretched(self, scale: Triple) -> bpy.types.NodeSocket:
        """Object coordinates, scaled by axis: long fibres, flat stones."""
        return self.add("ShaderNodeMapping", {"Vector": self.position, "Scale": scale}).outputs["Vector"]

    def noise(self, scale: float, vector: bpy.types.NodeSocket | None = None) -> bpy.types.NodeSocket:
        inputs = {"Vector": vector or self.position, "Scale": scale, "Detail": 3.0, "Roughness": 0.7}
        return self.add("ShaderNodeTexNoise", inputs).outputs["Fac"]

    def ramp(self, factor: bpy.types.NodeSocket, stops: Stops) -> bpy.types.NodeSocket:
        node = self.add("ShaderNodeValToRGB", {"Fac": factor})
        elements = node.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (place, colour) in zip(elements, stops, strict=True):
            element.position = place
            element.color = (*colour, 1.0)
        return node.outputs["Color"]

    def mix(self, factor: object, first: object, second: object, blend: str = "MIX") -> bpy.types.NodeSocket:
        inputs = {"Fac": factor, "Color1": first, "Color2": second}
        return self.add("ShaderNodeMixRGB", inputs, blend_type=blend).outputs["Color"]

    def finish(
        self,
        colour: object,
        height: object = None,
        roughness: object = 0.7,
        depth: float = 0.02,
        metal: float = 0.0,
    ) -> bpy.types.Material:
        """Connect the surface. `height`: 0 to 1, raised by `depth` scene units through a bump node."""
        inputs = {"Base Color": colour, "Roughness": roughness, "Metallic": metal}
        if height is not None:
            bump = self.add("ShaderNodeBump", {"Height": height, "Distance": depth})
            inputs["Normal"] = bump.outputs["Normal"]
        self.feed(self.surface, inputs)
        return self.material


def cobbles() -> bpy.types.Material:
    """Rounded stones of differing greys, moss and dirt in the joints."""
    graph = ShaderGraph("cobbles")
    bent = graph.mix(0.06, graph.stretched((3.2, 4.0, 1.0)), graph.noise(2.5), "ADD")
    cells = graph.add("ShaderNodeTexVoronoi", {"Vector": bent, "Scale": 1.0}).outputs["Color"]
    edge = graph.add("ShaderNodeTexVoronoi", {"Vector": bent, "Scale": 1.0}, feature="DISTANCE_TO_EDGE")
    rounded = [(0.015, (0, 0, 0)), (0.07, (0.7,) * 3), (0.25, (1, 1, 1))]
    stone_shape = graph.ramp(edge.outputs["Distance"], rounded)
    greys = [(0.1, (0.12, 0.10, 0.085)), (0.5, (0.27, 0.24, 0.20)), (0.9, (0.40, 0.33, 0.25))]
    grey = graph.ramp(cells, greys)
    grain = graph.ramp(graph.noise(14.0), [(0.3, (0.45, 0.43, 0.40)), (0.7, (1.15, 1.12, 1.05))])
    stone = graph.mix(1.0, grey, grain, "MULTIPLY")
    joint = graph.ramp(graph.noise(1.7), [(0.4, (0.055, 0.042, 0.03)), (0.6, (0.045, 0.075, 0.015))])
    height = graph.mix(0.25, stone_shape, graph.noise(30.0))
    return graph.finish(graph.mix(stone_shape, joint, stone), height, 0.75, 0.07)


def bricks() -> bpy.types.Material:
    """Old hand-made bricks: each its own red, stains over several, pale mortar."""
    graph = ShaderGraph("bricks")
    stain = graph.noise(1.3)
    reds = graph.ramp(graph.noise(9.0), [(0.3, (0.14, 0.040, 0.022)), (0.7, (0.40, 0.14, 0.075))])
    ochres = graph.ramp(graph.noise(12.0), [(0.3, (0.24, 0.10, 0.05)), (0.7, (0.52, 0.27, 0.15))])
    sizes = {"Scale": 1.0, "Brick Width": 0.40, "Row Height": 0.135}
    mortar = {"Mortar": (0.36, 0.32, 0.26, 1.0), "Mortar Size": 0.013, "Mortar Smooth": 0.3}
    crooked = graph.mix(0.02, graph.position, graph.noise(4.0), "ADD")
    inputs = {"Vector": crooked, "Color1": reds, "Color2": ochres, **sizes, **mortar}
    pattern = graph.add("ShaderNodeTexBrick", inputs)
    weather = graph.ramp(stain, [(0.3, (0.42, 0.44, 0.36)), (0.55, (1, 1, 1)), (0.8, (1.25, 1.15, 1.05))])
    return graph.finish(graph.mix(1.0, pattern.outputs["Color"], weather, "MULTIPLY"), roughness=0.85)


def bark() -> bpy.types.Material:
    """Deep upright furrows, with lichen on the ridges."""
    graph = ShaderGraph("bark")
    bent = graph.mix(0.9, graph.stretched((17.0, 17.0, 3.0)), graph.noise(6.0), "ADD")
    ridges = graph.add("ShaderNodeTexVoronoi", {"Vector": bent, "Scale": 1.0}, feature="DISTANCE_TO_EDGE")
    shape = graph.ramp(ridges.outputs["Distance"], [(0.0, (0, 0, 0)), (0.35, (1, 1, 1))])
    browns = [(0.0, (0.03, 0.02, 0.014)), (0.3, (0.16, 0.11, 0.075)), (0.9, (0.42, 0.33, 0.24))]
    wood = graph.ramp(shape, browns)
    lichen = graph.ramp(graph.noise(5.0), [(0.55, (0, 0, 0)), (0.68, (0.6,) * 3)])
    grain = graph.ramp(graph.noise(38.0), [(0.3, (0.5,) * 3), (0.7, (1.25,) * 3)])
    colour = graph.mix(1.0, graph.mix(lichen, wood, (0.24, 0.27, 0.13, 1.0)), grain, "MULTIPLY")
    return graph.finish(colour, graph.mix(0.3, shape, graph.noise(24.0)), 0.9, 0.06)


def planks(name: str, dark: Colour, light: Colour) -> bpy.types.Material:
    """Weathered wood: fibres along local x, a different tone for each board (each board is an object)."""
    graph = ShaderGraph(name)
    board = graph.add("ShaderNodeObjectInfo").outputs["Random"]
    fibres = graph.noise(6.0, graph.mix(1.0, graph.stretched((0.7, 9.0, 9.0)), board, "ADD"))
    colour = graph.ramp(fibres, [(0.32, dark), (0.7, light)])
    tone = graph.ramp(board, [(0.0, (0.6,) * 3), (1.0, (1.2,) * 3)])
    worn = graph.ramp(graph.noise(7.0), [(0.35, (0.55, 0.52, 0.5)), (0.6, (1.0, 1.0, 1.0))])
    both = graph.mix(1.0, graph.mix(1.0, colour, tone, "MULTIPLY"), worn, "MULTIPLY")
    return graph.finish(both, fibres, 0.75, 0.02)


def foliage(name: str, stops: Stops) -> bpy.types.Material:
    """Each leaf of a mesh its own colour out of `stops`."""
    graph = ShaderGraph(name)
    leaf = graph.add("ShaderNodeNewGeometry").outputs["Random Per Island"]
    return graph.finish(graph.ramp(leaf, stops), roughness=0.5)


def clay(name: str, dark: Colour, light: Colour) -> bpy.types.Material:
    """Stained and matt: flower pots, soil, stone."""
    graph = ShaderGraph(name)
    colour = graph.ramp(graph.noise(6.0), [(0.3, dark), (0.68, light)])
    return graph.finish(colour, roughness=0.85)


def paint(name: str, colour: Colour, metal: float = 0.0) -> bpy.types.Material:
    """Toy enamel with dirt and scuffs: glossy where whole, dull where rubbed."""
    graph = ShaderGraph(name)
    scuffs = graph.ramp(graph.noise(9.0), [(0.60, (0, 0, 0)), (0.66, (1, 1, 1))])
    dirt = graph.ramp(graph.noise(5.0), [(0.3, (0.55, 0.52, 0.48)), (0.6, (1.0, 1.0, 1.0))])
    whole = graph.mix(1.0, (*colour, 1.0), dirt, "MULTIPLY")
    rubbed = graph.mix(scuffs, whole, (0.23, 0.21, 0.20, 1.0))
    roughness = graph.mix(scuffs, (0.28, 0.28, 0.28, 1.0), (0.6, 0.6, 0.6, 1.0))
    return graph.finish(rubbed, roughness=roughness, metal=metal)


def _dress(name: str, material: bpy.types.Material, bevel: float) -> bpy.types.Object:
    shape = bpy.context.object
    shape.name = name
    shape.data.materials.append(material)
    if bevel:
        modifier = shape.modifiers.new("bevel", "BEVEL")
        modifier.width, modifier.segments = bevel, 3
    bpy.ops.object.shade_auto_smooth()
    return shape


def box(
    name: str,
    size: Triple,
    place: Triple,
    material: bpy.types.Material,
    *,
    turn: Triple = (0, 0, 0),
    bevel: float = 0.01,
) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(size=1, location=place, rotation=turn, scale=size)
    bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)
    return _dress(name, material, bevel)


def cone(
    name: str,
    radii: tuple[float, float],
    height: float,
    place: Triple,
    material: bpy.types.Material,
    *,
    turn: Triple = (0, 0, 0),
    bevel: float = 0.0,
) -> bpy.types.Object:
    """A cylinder whose lower and upper radius may differ."""
    bpy.ops.mesh.primitive_cone_add(
        vertices=40, radius1=radii[0], radius2=radii[1], depth=height, location=place, rotation=turn
    )
    return _dress(name, material, bevel)


def ball(name: str, radius: float, place: Triple, material: bpy.types.Material) -> bpy.types.Object:
    bpy.ops.mesh.primitive_uv_sphere_add(segments=32, ring_count=16, radius=radius, location=place)
    return _dress(name, material, 0.0)


def mesh(name: str, vertices: np.ndarray, faces: np.ndarray, material: bpy.types.Material) -> bpy.types.Object:
    """vertices: (N, 3) float, scene units; faces: (F, 3 or 4) int."""
    data = bpy.data.meshes.new(name)
    data.from_pydata(vertices.tolist(), [], faces.tolist())
    data.materials.append(material)
    shape = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(shape)
    return shape


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def leaves(
    name: str,
    roots: np.ndarray,
    along: np.ndarray,
    facing: np.ndarray,
    lengths: np.ndarray,
    width: float,
    material: bpy.types.Material,
) -> bpy.types.Object:
    """One mesh of N folded kites.

    roots, along, facing: (N, 3) float; lengths: (N,) float; width: half the width as a share of the length.
    """
    ahead = _unit(along)
    side = _unit(np.cross(ahead, facing))
    up = np.cross(side, ahead)
    outline = np.array([(0, 0, 0), (-width, 0.42, 0.25 * width), (0, 1, -0.1), (width, 0.42, 0.25 * width)])
    axes = np.stack([side, ahead, up], axis=1)  # (N, axis, xyz)
    vertices = roots[:, None] + lengths[:, None, None] * np.einsum("va,nax->nvx", outline, axes)
    first = 4 * np.arange(len(roots))[:, None, None]
    faces = first + np.array([(0, 3, 2), (0, 2, 1)])
    return mesh(name, vertices.reshape(-1, 3), faces.reshape(-1, 3), material)
