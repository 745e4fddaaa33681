"""What the worker made, put into the project: strips, mask splines, a strip modifier, compositor nodes.

Each file has one function that takes Blender's data and the files of a result, and the operator that has the worker
write them first; ``waiting`` is what all operators share.
"""

from . import compositor, edited, matte, modifier, splines, waiting

CLASSES = (
    edited.TAM_OT_edited_strip,
    matte.TAM_OT_matte_strip,
    modifier.TAM_OT_mask_modifier,
    splines.TAM_OT_splines,
    compositor.TAM_OT_compositor,
)


def register() -> None:
    waiting.register()


def unregister() -> None:
    waiting.unregister()
