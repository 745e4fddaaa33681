"""The whole story in a Blender without a window, by operators: open, pick, track, remove, undo, save, load, restart."""

import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import drawing
import hosting

FLOW = {"engine": "flow", "segmenter": "grabcut"}


def story(facts: dict[str, Any]) -> None:
    """Chapters in the order in which a user would come to them; each leaves its facts."""
    archive, clip, folder = hosting.arguments()[:3]
    before = names_of_ours()
    package = hosting.install(archive)
    studio = hosting.ours(package, "studio").studio()
    new_strip(package, clip)
    find_worker(facts, package, studio)
    facts["panels closed"] = panels()
    step(facts, "opened", studio, act(bpy.ops.tam.open, **FLOW))
    pick(facts, studio)
    step(facts, "tracked", studio, act(bpy.ops.tam.track, direction="forward"))
    facts["panels"] = panels()
    remove(facts, studio)
    export(facts, studio, folder)
    later_worker(facts, package, studio)
    other_edits(facts, studio, Path(folder) / "elsewhere" / "poster.png")
    undo(facts, studio)
    refuse(facts, studio)
    save_and_load(facts, studio, str(Path(folder) / "story.blend"))
    kill_and_restart(facts, studio)
    facts["longest"], facts["worked"] = dict(studio.longest), dict(studio.worked)
    bpy.ops.preferences.addon_disable(module=package)
    facts["left"] = sorted(names_of_ours() - before)


def find_worker(facts: dict[str, Any], package: str, studio: Any) -> None:
    """The preferences: a wrong path is said, and without one the worker is found and started."""
    given = bpy.context.preferences.addons[package].preferences
    given.worker = "/nowhere/python"
    step(facts, "nowhere", studio, bpy.ops.tam.test_worker())
    given.worker = ""
    step(facts, "found", studio, bpy.ops.tam.test_worker())
    facts["page"] = hosting.ours(package, "preferences").said()


def new_strip(package: str, clip: str) -> None:
    """The clip from scene frame 11 on."""
    bridge = hosting.ours(package, "bridge")
    scene = bpy.context.scene
    bridge.set_active_strip(scene, bridge.new_movie(scene, "clip", clip, 1, 11))
    scene.frame_set(11)
    hosting.set_sequencer_scene(scene)


def act(operator: Any, **options: Any) -> set[str]:
    """In the sequencer, and only as long as it takes: see ``hosting.editor``."""
    with hosting.editor("SEQUENCE_EDITOR"):
        result: set[str] = operator(**options)
    return result


def panels() -> dict[str, list[str]]:
    """Of the sequencer."""
    with hosting.editor("SEQUENCE_EDITOR"):
        return drawing.draw("vse", bpy.context)


def step(facts: dict[str, Any], name: str, studio: Any, result: set[str]) -> None:
    """Wait for what an operator asked for, and write down what is known then."""
    facts[name] = {"result": sorted(result), "settled": studio.settle(60), **known(studio)}


def known(studio: Any) -> dict[str, Any]:
    """What a user sees of the session, the only one, and what the .blend says of it."""
    session = next(iter(studio.sessions.values()), None)
    if session is None:
        return {"problem": studio.problem, "session": None}
    state, (source, *_) = session.state, [*bpy.context.scene.tam_studio.sources, None]
    return {
        "problem": studio.problem,
        "session": state.id,
        "names": [one.name for one in state.objects],
        "colours": [one.colour for one in state.objects],
        "prompts": sum(len(said) for said in session.prompts.values()),
        "tracked": [sum(span.stop - span.start for span in one.lane) for one in state.objects],
        "step": state.step,
        "step in the blend": source and source.step,
        "listed": [one.name for one in source.objects] if source else [],
        "removed": state.removal.objects if state.removal else None,
        "operation": state.removal.operation if state.removal else "",
        "jobs": [(job.kind, job.status) for job in state.jobs if job.kind != "scan"],
    }


def pick(facts: dict[str, Any], studio: Any) -> None:
    """Two objects; the second is named and coloured in the list."""
    step(facts, "clicked", studio, act(bpy.ops.tam.prompt, x=30, y=60))
    act(bpy.ops.tam.object_add)
    step(facts, "second", studio, act(bpy.ops.tam.prompt, frame=0, use_box=True, box=(110, 10, 130, 30)))
    item = bpy.context.scene.tam_studio.sources[0].objects[1]
    item.name = "Lamp"
    step(facts, "named", studio, {"FINISHED"})
    act(bpy.ops.tam.object_select, object_id=1)
    session = next(iter(studio.sessions.values()))
    studio.want(session, 0)
    studio.settle(20)
    facts["mask"] = {"size": list(session.masks[0][1].size), "candidates": len(session.candidates.candidates)}


def remove(facts: dict[str, Any], studio: Any) -> None:
    """The chosen object, with settings that the catalogue brought."""
    values = bpy.context.scene.tam_values
    grow = values.operation_remove.bl_rna.properties["grow"]
    facts["grow"] = [grow.name, grow.default, grow.hard_min, grow.hard_max]
    values.operation_remove.grow = 6
    values.filler = "plate"
    bpy.context.scene.tam_studio.which = "active"
    step(facts, "removed", studio, act(bpy.ops.tam.edit, operation="remove"))
    bpy.context.scene.tam_studio.which = "all"


def export(facts: dict[str, Any], studio: Any, folder: str) -> None:
    """Masks of the frames that the strip shows, into a folder that the worker was not given before."""
    path = Path(folder) / "elsewhere" / "masks.json"
    bpy.context.scene.tam_studio.range = "strip"
    step(facts, "exported", studio, act(bpy.ops.tam.export, format="json", filepath=str(path)))
    facts["exported"]["there"] = path.is_file()
    bpy.context.scene.tam_studio.range = "all"


def later_worker(facts: dict[str, Any], package: str, studio: Any) -> None:
    """A worker that offers an operation which this add-on never heard of; the real one refuses it."""
    wire, today = importlib.import_module(f"{package}.link.wire"), studio.catalogue
    parameters = [
        wire.Parameter("strength", "float", 0.5, "how much", "%", 0, 1),
        wire.Parameter("shape", "choice", "round", "which shape", choices=["round", "square"]),
        wire.Parameter("only_edges", "bool", True, "not the inside"),
    ]
    blur = wire.Entry("blur", "operation", "Blur", "softens objects", parameters=parameters)
    studio.connection.catalogue = wire.Catalogue([*today.entries, blur], today.defaults)
    studio.say("")
    studio.settle(5)
    values = bpy.context.scene.tam_values.operation_blur
    facts["blur"] = {"values": [values.strength, values.shape, values.only_edges]}
    facts["blur"]["grow"] = bpy.context.scene.tam_values.operation_remove.grow
    bpy.context.scene.tam_values.operation = "blur"
    facts["blur"]["panel"] = panels()["TAM_PT_vse_edit"]
    step(facts, "blurred", studio, act(bpy.ops.tam.edit, operation="blur"))
    studio.connection.catalogue = today
    studio.say("")
    studio.settle(5)


def other_edits(facts: dict[str, Any], studio: Any, poster: Path) -> None:
    """An effect, then a picture from a folder of its own in the object's place; both are taken back."""
    values = bpy.context.scene.tam_values
    values.operation, values.operation_effect.object = "effect", "pixelate"
    step(facts, "effect", studio, act(bpy.ops.tam.edit, operation="effect"))
    picture = bpy.data.images.new("poster", 32, 32)
    picture.filepath_raw, picture.file_format = str(poster), "PNG"
    picture.save()
    values.operation, values.operation_replace.insert = "replace", str(poster)
    facts["replace panel"] = panels()["TAM_PT_vse_edit"]
    step(facts, "replaced", studio, act(bpy.ops.tam.edit, operation="replace"))
    for _ in range(2):
        step(facts, "edits undone", studio, bpy.ops.ed.undo())


def undo(facts: dict[str, Any], studio: Any) -> None:
    """Ctrl+Z five times, as far as the first click, and forward again by one."""
    facts["undone"] = []
    for _ in range(5):
        step(facts, "now", studio, bpy.ops.ed.undo())
        facts["undone"].append(facts.pop("now"))
    step(facts, "redone", studio, bpy.ops.ed.redo())


def refuse(facts: dict[str, Any], studio: Any) -> None:
    """A click beside the picture: said, and no step of the history."""
    step(facts, "beside", studio, act(bpy.ops.tam.prompt, frame=0, x=5000, y=60))
    facts["panels refused"] = panels()["TAM_PT_vse"]
    act(bpy.ops.tam.dismiss)
    facts["dismissed"] = studio.problem


def save_and_load(facts: dict[str, Any], studio: Any, path: str) -> None:
    """Another file has no session; the saved one has its own again, in every editor."""
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_factory_startup=False)
    facts["empty"] = {"settled": studio.settle(20), **known(studio)}
    bpy.ops.wm.open_mainfile(filepath=path)
    bpy.ops.ed.undo_push(message="Original")  # as a Blender with a window does
    facts["loaded"] = {"settled": studio.settle(60), **known(studio)}
    clip = bpy.data.movieclips.load(hosting.arguments()[1])
    bpy.context.scene.frame_set(5)
    with hosting.editor("CLIP_EDITOR", clip=clip):
        facts["in the clip editor"] = sorted(drawing.draw("clip", bpy.context))
        result = bpy.ops.tam.prompt(x=42, y=60)
    step(facts, "corrected", studio, result)
    session = next(iter(studio.sessions.values()))
    facts["corrected"]["frames"] = session.state.objects[0].prompted


def kill_and_restart(facts: dict[str, Any], studio: Any) -> None:
    """The worker dies while it tracks: it is said, it is started again, and the job goes on."""
    act(bpy.ops.tam.track, direction="forward")
    session = next(iter(studio.sessions.values()))
    running = hosting.wait_until(lambda: any(job.done > 1 for job in session.jobs), studio.pump)
    facts["panels working"] = panels()["TAM_PT_vse"]
    bpy.ops.ed.undo()
    facts["said"] = hosting.wait_until(lambda: studio.problem, studio.pump)
    facts["too early"] = known(studio)
    os.kill(studio.connection.health.pid, signal.SIGKILL)
    facts["killed"] = {"ran": running, "settled": studio.settle(60), "problem": studio.problem}
    step(facts, "asked in vain", studio, act(bpy.ops.tam.prompt, frame=0, x=30, y=60))
    facts["panels dead"] = panels()["TAM_PT_vse"]
    step(facts, "restarted", studio, act(bpy.ops.tam.restart_worker))
    for job in next(iter(studio.sessions.values())).jobs:
        step(facts, "resumed", studio, act(bpy.ops.tam.job, job_id=job.id, verb="resume"))


def names_of_ours() -> set[str]:
    """What an add-on may leave behind."""
    handlers = [
        f"{name}: {one.__module__}"
        for name in dir(bpy.app.handlers)
        if isinstance(found := getattr(bpy.app.handlers, name), list)
        for one in found
    ]
    types = {name for name in dir(bpy.types) if name.upper().startswith("TAM_")}
    return {*types, *(name for name in dir(bpy.types.Scene) if name.startswith("tam")), *dir(bpy.ops.tam), *handlers}


hosting.run(story)
