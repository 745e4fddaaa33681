"""Results put into a project by operators, and rendered: pictures lie in the test's folder, facts tell what is what.

Every picture is called CASE_FRAME.png, by the scene frame.
"""

import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import hosting

START, FIRST, STOP = 11, 20, 60
SHOWN = (20, 26, 33)
ALL = tuple(range(FIRST, STOP))


class Project:
    """A scene of 30 frames a second with a clip of 24 in it, some of it hidden by handles."""

    def __init__(self, package: str, clip: str, folder: str, facts: dict[str, Any]) -> None:
        self.ours = {
            name.rpartition(".")[2]: hosting.ours(package, name)
            for name in ("studio", "bridge", "strips", "target", "markers", "results.edited", "results.placing")
        }
        self.bridge, self.studio, self.strips = self.ours["bridge"], self.ours["studio"].studio(), self.ours["strips"]
        self.clip, self.folder, self.facts = clip, Path(folder), facts
        self.scene = bpy.context.scene
        render = self.scene.render
        render.resolution_x, render.resolution_y, render.fps = 320, 180, 30
        render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGBA"
        self.scene.view_settings.view_transform = "Standard"
        self.source = self.new_source(1, START)
        self.bridge.set_handles(self.source, FIRST, STOP)
        self.bridge.set_active_strip(self.scene, self.source)
        hosting.set_sequencer_scene(self.scene)

    def new_source(self, channel: int, start: int) -> Any:
        return self.bridge.new_movie(self.scene, "clip", self.clip, channel, start)

    @property
    def session(self) -> Any:
        (found,) = self.studio.sessions.values()
        return found

    def timing(self, strip: Any) -> Any:
        return self.ours["target"].timing_of(strip, self.scene, self.session)

    def do(self, operator: Any, **options: object) -> None:
        """Wait for what an operator asks for, outside the override: see ``hosting.editor``."""
        with hosting.editor("SEQUENCE_EDITOR"):
            result = operator(**options)
        assert result == {"FINISHED"} and self.studio.settle(90) and not self.studio.problem, self.studio.problem

    def placed(self, strip: Any, pictures: dict[int, str]) -> Any:
        """The result of a strip, without operators."""
        steps = self.ours["edited"].add_edited(self.scene, strip, self.timing(strip), pictures)
        return self.ours["placing"].finished(steps)

    def made(self, kind: str) -> Any:
        """The newest strip of a kind, and what is to be known of it."""
        strip = [one for one in self.bridge.strips(self.scene) if one.get("tam_studio_kind") == kind][-1]
        timing = self.timing(self.source)
        self.facts[kind] = {
            "channel": strip.channel,
            "handles": self.bridge.handles(strip),
            "start": self.bridge.content_start(strip),
            "pictures": [strip.strip_elem_from_frame(one).filename for one in ALL],
            "told": [timing.source_frame(one) for one in ALL],
            "folder": bpy.path.abspath(strip.directory),
            "of": strip["tam_studio"],
            "mute": strip.mute,
        }
        return strip

    def render(self, case: str, shown: Iterable[Any], frames: Iterable[int] = SHOWN) -> None:
        """With only these strips to be seen."""
        seen = list(shown)
        before = {one: one.mute for one in self.bridge.strips(self.scene)}
        for one in before:
            one.mute = one not in seen
        for frame in frames:
            self.scene.frame_set(frame)
            self.scene.render.filepath = str(self.folder / f"{case}_{frame}.png")
            bpy.ops.render.render(write_still=True)
        for one, mute in before.items():
            one.mute = mute


def story(facts: dict[str, Any]) -> None:
    """Pick, track, remove; then every result."""
    archive, clip, folder, x, y = hosting.arguments()[:5]
    warnings.simplefilter("ignore")
    project = Project(hosting.install(archive), clip, folder, facts)
    project.do(bpy.ops.tam.open, engine="flow", segmenter="grabcut")
    refuse(project)
    project.scene.frame_set(FIRST)
    project.scene.tam_studio.range = "strip"
    project.do(bpy.ops.tam.prompt, frame=FIRST - START, x=float(x), y=float(y))
    project.do(bpy.ops.tam.track, direction="forward")
    bpy.context.scene.tam_values.filler = "plate"
    project.do(bpy.ops.tam.edit, operation="remove")
    strips(project)
    looks(project)
    changed_speed(project)
    modifier(project)
    splines(project)
    compositor(project)
    markers(project)


def refuse(project: Project) -> None:
    """Nothing to put anywhere yet: said in words."""
    with hosting.editor("SEQUENCE_EDITOR"):
        results = [bpy.ops.tam.matte_strip(), bpy.ops.tam.edited_strip(), bpy.ops.tam.splines()]
    project.facts["refused"] = [sorted(one) for one in results]


def strips(project: Project) -> None:
    project.do(bpy.ops.tam.edited_strip)
    project.render("edited", [project.made("edited")])
    project.do(bpy.ops.tam.edited_strip, only_changed=True)
    patch = project.made("patch")
    project.render("patched", [project.source, patch])
    project.render("source", [project.source])
    project.do(bpy.ops.tam.matte_strip)
    project.render("matte", [project.made("matte")])


def looks(project: Project) -> None:
    """The result of a strip that is moved, turned, scaled, cropped and mirrored lies exactly over it."""
    source, scene = project.source, project.scene
    kept = source.transform
    kept.offset_x, kept.offset_y, kept.scale_x, kept.scale_y, kept.rotation = 27, -11, 0.6, 0.7, 0.2
    source.crop.min_x, source.crop.max_y, source.use_flip_x = 20, 15, True
    pictures = numbered(project.facts["edited"]["folder"])
    made = project.placed(source, pictures)
    project.render("moved source", [source], [26])
    project.render("moved edited", [made], [26])
    kept.offset_x, kept.offset_y, kept.scale_x, kept.scale_y, kept.rotation = 0, 0, 1, 1, 0
    source.crop.min_x, source.crop.max_y, source.use_flip_x = 0, 0, False
    project.bridge.strips(scene).remove(made)


def changed_speed(project: Project) -> None:
    """The result of a strip under a speed effect has the frames of the effect; the channel is above both."""
    scene = project.scene
    other = project.new_source(20, 100)
    effect = project.bridge.new_effect(scene, "speed", "SPEED", 21, 100, 72, other)
    effect.speed_control, effect.speed_factor = "MULTIPLY", 0.6
    timing = project.timing(other)
    made = project.placed(other, numbered(project.facts["edited"]["folder"]))
    frames = range(*project.bridge.handles(made))
    project.facts["slow"] = {
        "channel": made.channel,
        "pictures": [made.strip_elem_from_frame(one).filename for one in frames],
        "told": [timing.source_frame(one) for one in frames],
    }
    for one in (made, effect, other):
        project.bridge.strips(scene).remove(one)


def modifier(project: Project) -> None:
    """By the matte that is there already."""
    project.facts["strips before"] = len(project.bridge.strips(project.scene))
    project.do(bpy.ops.tam.mask_modifier)
    project.facts["strips after"] = len(project.bridge.strips(project.scene))
    project.render("cut out", [project.source])
    project.source.modifiers.clear()


def splines(project: Project) -> None:
    before = project.scene.frame_current, [one.ui_type for one in bpy.context.window_manager.windows[0].screen.areas]
    project.do(bpy.ops.tam.splines, points=64)
    after = project.scene.frame_current, [one.ui_type for one in bpy.context.window_manager.windows[0].screen.areas]
    (mask,) = bpy.data.masks
    project.facts["mask"] = {
        "layers": [one.name for one in mask.layers],
        "points": [len(spline.points) for one in mask.layers for spline in one.splines],
        "untouched": before == after,
    }
    strip = project.bridge.strips(project.scene).new_mask("mask", mask, 30, FIRST)
    project.render("splines", [strip])
    project.bridge.strips(project.scene).remove(strip)


def compositor(project: Project) -> None:
    """From the sequencer's strip; the compositor alone is rendered."""
    project.do(bpy.ops.tam.compositor)
    project.scene.render.use_sequencer = False
    project.render("composed", [])
    project.scene.render.use_sequencer = True


def markers(project: Project) -> None:
    """Ours come and go, the user's stays."""
    scene, show = project.scene, project.ours["markers"].show
    for marker in list(scene.timeline_markers):
        scene.timeline_markers.remove(marker)
    scene.timeline_markers.new("mine", frame=5)
    told = []
    for wanted in ({"TAM a: fix": 12, "TAM b: fix": 15}, {"TAM a: fix": 14}, {}):
        show(scene, wanted)
        told.append(sorted((one.name, one.frame) for one in scene.timeline_markers))
    project.facts["markers"] = told
    state = project.session.state.objects[0]
    project.facts["notes"] = [[name, frame] for name, frame in project.ours["markers"].notes(state)]
    project.facts["fix next"] = state.fix_next


def numbered(folder: str) -> dict[int, str]:
    return {int(one.stem): str(one) for one in Path(folder).glob("*.png")}


if __name__ == "__main__":
    hosting.run(story)
