"""What the user can do, one operator each. They ask the worker and return: what comes of it the studio takes over.

None has Blender's own undo: ``history`` makes the undo step once the worker has answered.
"""

from . import edit, export, objects, opening, prompting, tracking, worker

CLASSES = (
    *worker.CLASSES,
    *opening.CLASSES,
    *prompting.CLASSES,
    *objects.CLASSES,
    *tracking.CLASSES,
    *edit.CLASSES,
    *export.CLASSES,
)
