"""Which frames the sequencer shows, read off rendered pictures, beside what the add-on says of them.

The clips carry their frame numbers in their pixels, see ``numbered`` in tests/media.py.
"""

import sys
import warnings
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import hosting

WIDTH, HEIGHT, BITS = 64, 48, 8
NOTHING = -1


class Table:
    """A sequencer with one strip after another, each rendered frame by frame."""

    def __init__(self, package: str, clips: Path, folder: Path, facts: dict[str, Any]) -> None:
        self.strips, self.bridge = hosting.ours(package, "strips"), hosting.ours(package, "bridge")
        self.clips, self.folder, self.facts = clips, folder, facts

    def scene(self, rate: int = 24) -> Any:
        """A new one: nothing is remembered of the strip before."""
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        scene = bpy.context.scene
        scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
        scene.render.fps = rate
        scene.view_settings.view_transform = "Standard"
        scene.render.image_settings.file_format = "PNG"
        scene.render.image_settings.color_mode = "RGBA"
        return scene

    def movie(self, name: str, count: int, change: Callable[[Any], Any] | None = None, rate: int = 24) -> None:
        scene = self.scene(rate)
        strip = self.bridge.new_movie(scene, "clip", str(self.clips / name), 1, 10)
        change and change(strip)
        self.compare(scene, strip, self.strips.Media(count, self.times(name)))

    def compare(self, scene: Any, strip: Any, media: Any = None) -> None:
        """What is seen from two frames before the strip to two after it."""
        timing = self.strips.timing(strip, scene, media)
        scene.frame_start, scene.frame_end = timing.first - 2, timing.stop + 1
        told = [timing.source_frame(one) for one in range(scene.frame_start, scene.frame_end + 1)]
        seen = self.rendered(scene)
        found = {one for one in seen if one != NOTHING}
        back = [timing.frame_at(round(timing.scene_frame(one))) - one for one in found]
        self.facts["strips"].append(
            {
                "seen": seen,
                "told": [NOTHING if one is None else one for one in told],
                "back": max(map(abs, back), default=0),
                "speed": timing.speed,
            }
        )

    def rendered(self, scene: Any) -> list[int]:
        for old in self.folder.glob("seen_*.png"):
            old.unlink()
        scene.render.filepath = str(self.folder / "seen_")
        bpy.ops.render.render(animation=True)
        return [self.number(path) for path in sorted(self.folder.glob("seen_*.png"))]

    def number(self, path: Path) -> int:
        image = bpy.data.images.load(str(path))
        image.colorspace_settings.name = "Non-Color"
        pixels = array("f", [0.0]) * (WIDTH * HEIGHT * 4)
        image.pixels.foreach_get(pixels)
        bpy.data.images.remove(image)
        bar = HEIGHT // BITS
        places = [4 * ((HEIGHT - 1 - bit * bar - bar // 2) * WIDTH + WIDTH * 3 // 8) for bit in range(BITS)]
        if pixels[places[0] + 3] < 0.5:
            return NOTHING
        return sum(1 << bit for bit, place in enumerate(places) if pixels[place] > 0.49)

    def times(self, name: str) -> tuple[float, ...]:
        return tuple(map(float, (self.clips / f"{name}.times").read_text().split()))


def story(facts: dict[str, Any]) -> None:
    """One kind of strip after the other."""
    archive, clips, folder = hosting.arguments()[:3]
    warnings.simplefilter("ignore")
    facts["strips"] = []
    table = Table(hosting.install(archive), Path(clips), Path(folder), facts)
    for name in ("25.mp4", "2997.mp4", "60.mp4"):
        table.movie(name, 60)
    table.movie("vfr.mp4", 40)
    table.movie("25.mp4", 60, lambda strip: table.bridge.set_handles(strip, 20, 50))
    table.movie("25.mp4", 60, lambda strip: table.bridge.set_handles(strip, 5, 80))
    table.movie("25.mp4", 60, reversed_between)
    table.movie("25.mp4", 60, lambda strip: setattr(strip, "strobe", 3))
    table.movie("25.mp4", 60, trimmed)
    speed_effects(table)
    pictures(table)
    if hasattr(bpy.types, "RetimingKey"):
        retimed(table)
    else:
        for factor in (2, 0.5, 1.3, 0.7):
            table.movie("25.mp4", 60, lambda strip, factor=factor: hurried(strip, factor))
            table.movie("25.mp4", 60, lambda strip, factor=factor: hurried(strip, factor, True))
    if bpy.app.version < (5, 0, 0):  # its operator crashes in a 5.x without a window
        for name, rate in (("25.mp4", 30), ("60.mp4", 24), ("2997.mp4", 24)):
            own_rate(table, name, rate)


def reversed_between(strip: Any) -> None:
    strip.frame_final_start, strip.frame_final_end = 20, 50
    strip.use_reverse_frames = True


def trimmed(strip: Any) -> None:
    strip.animation_offset_start, strip.animation_offset_end = 7, 5


def hurried(strip: Any, factor: float, backwards: bool = False) -> None:
    strip.frame_final_start = 20
    strip.speed_factor, strip.use_reverse_frames = factor, backwards


def speed_effects(table: Table) -> None:
    for kind in ("STRETCH", "MULTIPLY", "FRAME_NUMBER", "LENGTH"):
        scene = table.scene()
        strip = table.bridge.new_movie(scene, "clip", str(table.clips / "25.mp4"), 1, 10)
        table.bridge.set_handles(strip, 20, 50)
        effect = table.bridge.new_effect(scene, "speed", "SPEED", 2, 20, 30, strip)
        effect.speed_control, effect.speed_factor = kind, 1.7
        effect.speed_frame_number, effect.speed_length = 13.6, 40
        effect.use_frame_interpolate = False
        table.compare(scene, strip)


def pictures(table: Table) -> None:
    """A whole folder, and some pictures of it backwards."""
    paths = sorted(map(str, (table.clips / "pictures").iterdir()))
    for chosen in (paths, paths[20:3:-2]):
        scene = table.scene()
        strip = table.bridge.new_images(scene, "pictures", chosen, 1, 5)
        table.compare(scene, strip)
        strip.frame_offset_start, strip.animation_offset_start = 2, 3
        table.compare(scene, strip)


def retimed(table: Table) -> None:
    """Faster and slower as a whole: a key at the beginning and one at the end."""
    for end, backwards in ((40, False), (121, False), (100, True)):
        scene = table.scene()
        strip = table.bridge.new_movie(scene, "clip", str(table.clips / "25.mp4"), 1, 10)
        table.bridge.set_active_strip(scene, strip)
        strip.select = True
        hosting.set_sequencer_scene(scene)
        with hosting.editor("SEQUENCE_EDITOR", view_type="SEQUENCER"):
            bpy.ops.sequencer.retiming_show()
            bpy.ops.sequencer.retiming_key_add(timeline_frame=30)
        keys = strip.retiming_keys
        keys[1].remove()
        keys[1].timeline_frame = end
        strip.frame_final_start = 15
        strip.use_reverse_frames = backwards
        table.compare(scene, strip, table.strips.Media(60))
    with_three = strip.retiming_keys.add(timeline_frame=60)
    table.facts["retimed in parts"] = with_three is None
    try:
        table.strips.timing(strip, scene, table.strips.Media(60))
    except table.strips.TimingError as error:
        table.facts["retimed in parts"] = str(error)


def own_rate(table: Table, name: str, rate: int) -> None:
    """Added as a user would: the clip keeps its own speed in a scene of another rate."""
    scene = table.scene(rate)
    with hosting.editor("SEQUENCE_EDITOR"):
        bpy.ops.sequencer.movie_strip_add(
            filepath=str(table.clips / name),
            frame_start=10,
            channel=1,
            sound=False,
            use_framerate=False,
            adjust_playback_rate=True,
        )
    scene.render.fps = rate
    strip = table.bridge.strips(scene)[0]
    table.compare(scene, strip, table.strips.Media(60, table.times(name)))
    strip.frame_final_start, strip.frame_final_end = 20, 33
    table.compare(scene, strip, table.strips.Media(60, table.times(name)))


if __name__ == "__main__":
    hosting.run(story)
