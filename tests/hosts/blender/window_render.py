"""Renders a picture whose colours say where, placed in many ways, and tells where the add-on takes its pixels to be."""

import json
import sys
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import hosting


def story(facts: dict[str, Any]) -> None:
    archive, picture, places, folder = hosting.arguments()[:4]
    package = hosting.install(archive)
    strips, bridge = hosting.ours(package, "strips"), hosting.ours(package, "bridge")
    scene = bpy.context.scene
    strip = bridge.new_images(scene, "picture", [picture], 1, 1)
    scene.view_settings.view_transform = "Standard"
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGBA"
    for name, look in json.loads(Path(places).read_text()).items():
        scene.render.resolution_x, scene.render.resolution_y = look.pop("canvas")
        percentage = scene.render.resolution_percentage = look.pop("percentage")
        strip.crop.min_x, strip.crop.max_x, strip.crop.max_y, strip.crop.min_y = look.pop("crop")
        strip.use_flip_x, strip.use_flip_y = look.pop("flip")
        for part, value in look.items():
            setattr(strip.transform, part, value)
        scene.render.filepath = str(Path(folder) / f"{name}.png")
        bpy.ops.render.render(write_still=True)
        upright = (strip.elements[0].orig_width, strip.elements[0].orig_height)
        place = strips.placement(strip, scene, upright, 0, percentage / 100)
        facts[name] = {"to_view": list(vars(place.affine).values()), "visible": place.visible}


hosting.run(story)
