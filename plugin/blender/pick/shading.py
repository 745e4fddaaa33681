"""The shader that tints a texture of mask numbers and outlines each mask, as thin at any zoom. Needs the GPU."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import gpu
from gpu_extras.batch import batch_for_shader

from ..placement import Point
from .texture import Texels

Colour = tuple[float, float, float, float]
"""Red, green, blue and opacity of the tint, 0..1."""

VERTEX = """
void main() {
  at = corner;
  gl_Position = projection * vec4(position, 0.0, 1.0);
}
"""
FRAGMENT = """
float number(vec2 where) {
  ivec2 size = textureSize(numbers, 0);
  ivec2 texel = ivec2(floor(where * vec2(size)));
  if (texel.x < 0 || texel.y < 0 || texel.x >= size.x || texel.y >= size.y) {
    return 0.0;
  }
  return floor(texelFetch(numbers, texel, 0).r * 255.0 + 0.5);
}

void main() {
  float here = number(at);
  if (here < 0.5) {
    discard;
  }
  vec2 right = dFdx(at) * rim, up = dFdy(at) * rim;
  bool inside = number(at + right) == here && number(at - right) == here && number(at + up) == here &&
                number(at - up) == here && number(at + right + up) == here && number(at - right - up) == here &&
                number(at + right - up) == here && number(at - right + up) == here;
  vec4 tint = texelFetch(palette, ivec2(int(here) - 1, 0), 0);
  colour = inside ? tint : vec4(tint.rgb, 1.0);
}
"""


def numbers_texture(texels: Texels) -> Any:
    height, width = texels.size
    values = gpu.types.Buffer("FLOAT", height * width, memoryview(texels.data).cast("f"))
    return gpu.types.GPUTexture((height, width), format="R8", data=values)


def draw_masks(
    numbers: Any, corners: Sequence[Point], parts: Sequence[Point], palette: Sequence[Colour], rim: float
) -> None:
    """``corners``: of a part of the texture's box, in the region; ``parts``: the same corners in 0..1 of that box."""
    shader = _shader()
    lying = [(down, across) for across, down in parts]  # the texture lies on its side
    batch = batch_for_shader(shader, "TRI_FAN", {"position": list(corners), "corner": lying})
    shader.bind()
    shader.uniform_float("projection", gpu.matrix.get_projection_matrix() @ gpu.matrix.get_model_view_matrix())
    shader.uniform_float("rim", rim)
    shader.uniform_sampler("numbers", numbers)
    shader.uniform_sampler("palette", _palette(tuple(palette)))
    batch.draw(shader)


@lru_cache(maxsize=16)
def _palette(colours: tuple[Colour, ...]) -> Any:
    values = gpu.types.Buffer("FLOAT", 4 * len(colours), [part for colour in colours for part in colour])
    return gpu.types.GPUTexture((len(colours), 1), format="RGBA32F", data=values)


@lru_cache(maxsize=1)
def _shader() -> Any:
    between = gpu.types.GPUStageInterfaceInfo("tam_masks")
    between.smooth("VEC2", "at")
    info = gpu.types.GPUShaderCreateInfo()
    info.push_constant("MAT4", "projection")
    info.push_constant("FLOAT", "rim")
    info.sampler(0, "FLOAT_2D", "numbers")
    info.sampler(1, "FLOAT_2D", "palette")
    info.vertex_in(0, "VEC2", "position")
    info.vertex_in(1, "VEC2", "corner")
    info.vertex_out(between)
    info.fragment_out(0, "VEC4", "colour")
    info.vertex_source(VERTEX)
    info.fragment_source(FRAGMENT)
    return gpu.shader.create_from_info(info)


def forget() -> None:
    """Free what is on the GPU."""
    _palette.cache_clear()
    _shader.cache_clear()
