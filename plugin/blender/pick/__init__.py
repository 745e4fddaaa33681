"""Picking objects in the picture: the modal tool, its keys, and the masks drawn over the picture.

``sight`` says what a region shows and where; ``tool`` turns mouse and keys into what ``picker`` asks of the worker;
``overlay`` draws what is known, with ``texture`` and ``shading``. Importing this needs no Blender.
"""


def register() -> None:
    import bpy

    from . import keys, overlay, tool

    bpy.utils.register_class(tool.TAM_OT_pick)
    keys.register()
    overlay.register()


def unregister() -> None:
    import bpy

    from . import keys, overlay, tool

    overlay.unregister()
    keys.unregister()
    bpy.utils.unregister_class(tool.TAM_OT_pick)
