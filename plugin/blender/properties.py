"""What a .blend keeps of us: which videos have a session, and what the user chose about each.

Sources are looked for in all scenes, as an image or a clip belongs to none. The objects of a source repeat what the
worker says of them, so that lists can show them; changing a name or a colour there asks the worker to change it.
"""

from collections.abc import Iterator
from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..link import wire
from . import bridge
from .session import OpenSession
from .studio import studio

STILL = 0.4
"""Seconds without a move of the colour wheel after which the colour is sent: one step of the history, not fifty."""
_following = [False]
"""Whether lists are being made to show what the worker says: then nothing is sent to it."""
_colours: dict[tuple[str, int], Any] = {}
"""The timers that will send the colours that the user is choosing, by source and object."""


def _renamed(item: Any, context: Any) -> None:
    if not _following[0]:
        _change(item, wire.ObjectChange(name=item.name))


def _recoloured(item: Any, context: Any) -> None:
    if _following[0]:
        return
    key, object_id = source_with(item).key, item.object_id
    send = _colours.get((key, object_id))
    if send and bpy.app.timers.is_registered(send):
        bpy.app.timers.unregister(send)
    send = _colours[key, object_id] = lambda: send_colour(key, object_id)
    bpy.app.timers.register(send, first_interval=STILL)


def send_colour(key: str, object_id: int) -> None:
    """Tell the worker the colour that the list shows."""
    _colours.pop((key, object_id), None)
    source = find_source(key)
    item = source and object_item(source, object_id)
    if item:
        _change(item, wire.ObjectChange(colour=to_hex(item.colour)))


def _shown(item: Any, context: Any) -> None:
    bridge.redraw()  # the picture is in another region than the list


def _change(item: Any, change: wire.ObjectChange) -> None:
    session = studio().sessions.get(source_with(item).key)
    if session and session.object(item.object_id):
        studio().ask("change_object", session.id, item.object_id, change)


class TAM_PG_object(bpy.types.PropertyGroup):
    """One object of a source. ``name`` is Blender's own."""

    object_id: IntProperty()
    name: StringProperty(name="Name", update=_renamed)
    colour: FloatVectorProperty(
        name="Colour", subtype="COLOR_GAMMA", min=0, max=1, default=(0.2, 0.6, 1), update=_recoloured
    )
    shown: BoolProperty(name="Show", description="Show the mask over the picture", default=True, update=_shown)


class TAM_PG_source(bpy.types.PropertyGroup):
    """A video with a session. ``step``: how many changes were done when this state of the .blend was (see history)."""

    key: StringProperty()
    path: StringProperty()
    project: StringProperty()
    step: IntProperty()
    objects: CollectionProperty(type=TAM_PG_object)
    active: IntProperty(name="Object")


class TAM_PG_studio(bpy.types.PropertyGroup):
    """Of a scene."""

    sources: CollectionProperty(type=TAM_PG_source)
    range: EnumProperty(
        name="Frames",
        items=(
            ("all", "Whole Clip", "All frames of the file"),
            ("strip", "Strip", "The frames that the strip shows"),
        ),
    )
    which: EnumProperty(
        name="Objects",
        items=(
            ("all", "All Objects", "Track, edit and export all objects"),
            ("active", "Chosen Object", "Track, edit and export the chosen object only"),
        ),
    )


def sources() -> Iterator[Any]:
    """Of all scenes."""
    for scene in bpy.data.scenes:
        yield from scene.tam_studio.sources


def find_source(key: str) -> Any | None:
    return next((one for one in sources() if one.key == key), None)


def add_source(scene: Any, session: OpenSession) -> Any:
    """Let the .blend remember a session."""
    source = scene.tam_studio.sources.add()
    source.key, source.path, source.project = session.target_key, session.state.video.path, session.state.project
    source.step = session.state.step
    return source


def source_with(item: Any) -> Any:
    """The source that an item of ``objects`` belongs to."""
    return item.id_data.path_resolve(item.path_from_id().rpartition(".objects")[0])


def object_item(source: Any, object_id: int) -> Any | None:
    return next((one for one in source.objects if one.object_id == object_id), None)


# For tools: what the user chose


def active_object(key: str) -> int:
    """The number of the object that clicks are about; 1 if there is none yet."""
    source = find_source(key)
    if source is None or not source.objects:
        return 1
    return int(source.objects[min(max(source.active, 0), len(source.objects) - 1)].object_id)


def choose_object(key: str, object_id: int) -> None:
    """Clicks are about this one from now on."""
    source = find_source(key)
    numbers = [one.object_id for one in source.objects] if source else []
    if source is not None and object_id in numbers and source.active != numbers.index(object_id):
        source.active = numbers.index(object_id)


def new_object(key: str) -> int:
    """Begin another object; it is in the list at once, and known to the worker with its first click."""
    source = find_source(key)
    session = studio().sessions.get(key)
    if source is None or session is None:
        return 1
    known = [one.object_id for one in session.state.objects]
    waiting = next((one.object_id for one in source.objects if one.object_id not in known), None)
    number = waiting or max(known, default=0) + 1
    if waiting is None:
        with following():
            item = source.objects.add()
            item.object_id, item.name = number, f"Object {number}"
    choose_object(key, number)
    return int(number)


def forget_object(key: str, object_id: int) -> None:
    """Take an object from the list that the worker does not know yet."""
    source: Any = find_source(key)
    for index in reversed(range(len(source.objects))) if source else ():
        if source.objects[index].object_id == object_id:
            source.objects.remove(index)
            source.active = max(0, index - 1)


def is_shown(key: str, object_id: int) -> bool:
    source = find_source(key)
    item = source and object_item(source, object_id)
    return item is None or bool(item.shown)


# Following the worker


class following:
    """While inside, what is written into the lists is not sent to the worker."""

    def __enter__(self) -> None:
        _following[0] = True

    def __exit__(self, *_: Any) -> None:
        _following[0] = False


def follow(source: Any, state: wire.SessionState) -> None:
    """Make a source's list show the worker's objects; one that has no click yet stays while it is the chosen one."""
    known = {one.object_id: one for one in state.objects}
    chosen = active_object(source.key)
    with following():
        for index in reversed(range(len(source.objects))):
            number = source.objects[index].object_id
            if number not in known and number != chosen:
                source.objects.remove(index)
        for one in state.objects:
            item = object_item(source, one.object_id) or source.objects.add()
            _write(item, one, (source.key, one.object_id) in _colours)
    choose_object(source.key, chosen)


def _write(item: Any, one: wire.ObjectState, is_chosen: bool) -> None:
    """Only what differs: every write is a change of the .blend. A colour that the user is choosing is left alone."""
    if item.object_id != one.object_id:
        item.object_id = one.object_id
    if item.name != one.name:
        item.name = one.name
    if not is_chosen and to_hex(item.colour) != one.colour.lower():
        item.colour = from_hex(one.colour)


def to_hex(colour: Any) -> str:
    """ "#rrggbb" of three numbers 0..1."""
    return "#" + "".join(f"{round(one * 255):02x}" for one in colour)


def from_hex(colour: str) -> tuple[float, float, float]:
    """Three numbers 0..1."""
    red, green, blue = (int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5))
    return red, green, blue


CLASSES = (TAM_PG_object, TAM_PG_source, TAM_PG_studio)


def register() -> None:
    bpy.types.Scene.tam_studio = PointerProperty(type=TAM_PG_studio)


def unregister() -> None:
    for send in _colours.values():
        if bpy.app.timers.is_registered(send):
            bpy.app.timers.unregister(send)
    _colours.clear()
    del bpy.types.Scene.tam_studio
