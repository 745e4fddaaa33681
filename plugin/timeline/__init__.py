"""``tam timeline``: a clip of an editor's timeline gets edited media, and nothing else in the file changes.

``clips.py`` knows OpenTimelineIO's timelines, ``media.py`` what a clip's reference means on this machine, ``edit.py``
the way through.
"""

import importlib.util

from tam_core.errors import EngineNotReadyError


def check_installed() -> None:
    """Raise EngineNotReadyError unless the package that reads timelines is here."""
    if importlib.util.find_spec("opentimelineio") is None:
        raise EngineNotReadyError("timelines need the package opentimelineio: pip install opentimelineio")
