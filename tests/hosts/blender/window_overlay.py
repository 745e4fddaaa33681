"""Draws a mask off the screen, in a Blender that can do so without a window, and tells the colours."""

import sys
from pathlib import Path
from typing import Any

import bpy  # noqa: F401 (gpu is part of it)
import gpu
from mathutils import Matrix

sys.path.insert(0, str(Path(__file__).parent))
import hosting

WIDTH, HEIGHT, ZOOM = 64, 48, 4
TINT = (1.0, 0.5, 0.0, 0.5)


def story(facts: dict[str, Any]) -> None:
    package = hosting.install(hosting.arguments()[0])
    if not hasattr(gpu, "init"):
        return
    gpu.init()
    pixels = bytearray(WIDTH * HEIGHT)
    for y in range(10, 30):
        pixels[y * WIDTH + 20 : y * WIDTH + 40] = b"\1" * 20
    raster = hosting.ours(package, "pick.texture").raster
    made = hosting.ours(package, "pick.texture").texels([raster.from_bitmap(pixels, (HEIGHT, WIDTH))])
    drawn = _drawn(hosting.ours(package, "pick.shading"), made)
    for name, (x, y) in {
        "inside": (120, 80),
        "left edge": (80, 80),
        "beside the left edge": (79, 80),
        "right edge": (159, 80),
        "beside the right edge": (160, 80),
        "top edge": (120, 40),
        "above the top edge": (120, 39),
    }.items():
        begin = 4 * ((HEIGHT * ZOOM - 1 - y) * WIDTH * ZOOM + x)
        facts[name] = [int(drawn[begin + channel]) for channel in range(4)]


def _drawn(shading: Any, made: Any) -> Any:
    width, height = WIDTH * ZOOM, HEIGHT * ZOOM
    with gpu.types.GPUOffScreen(width, height).bind():
        target = gpu.state.active_framebuffer_get()
        target.clear(color=(0, 0, 0, 1))
        gpu.state.blend_set("ALPHA")
        pixels_to_clip = Matrix(((2 / width, 0, 0, -1), (0, 2 / height, 0, -1), (0, 0, -1, 0), (0, 0, 0, 1)))
        gpu.matrix.load_matrix(Matrix.Identity(4))
        gpu.matrix.load_projection_matrix(pixels_to_clip)
        x0, y0, x1, y1 = made.box
        corners = [(x * ZOOM, (HEIGHT - y) * ZOOM) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
        parts = ((0, 0), (1, 0), (1, 1), (0, 1))
        shading.draw_masks(shading.numbers_texture(made), corners, parts, [TINT], 1.5)
        drawn = target.read_color(0, 0, width, height, 4, 0, "UBYTE")
    drawn.dimensions = width * height * 4
    return drawn


hosting.run(story)
