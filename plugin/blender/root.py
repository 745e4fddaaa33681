"""The add-on as Blender finds it: Blender before 4.2 reads ``bl_info``, newer ones read blender_manifest.toml."""

bl_info = {
    "name": "TAM Studio",
    "author": "The tam-studio authors",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "Sidebar of the Video Sequencer, Movie Clip and Image editors > TAM Studio",
    "description": "Click on something in a video, follow it through every frame, and remove it",
    "doc_url": "",
    "category": "Sequencer",
}


def register() -> None:
    """Switch the add-on on."""
    from . import blender  # type: ignore[attr-defined]  # beside this file when it is packed

    blender.register()


def unregister() -> None:
    """Switch it off."""
    from . import blender  # type: ignore[attr-defined]

    blender.unregister()
