"""tam-studio for OBS: add this file under Tools > Scripts, and leave the folder ``tam_studio_obs`` beside it.

It only hands OBS the functions that OBS looks for in a script; they are in ``tam_studio_obs/obs/native/entry.py``.
"""

import importlib
import sys
from pathlib import Path

PACKAGE = "tam_studio_obs"

sys.path.insert(0, str(Path(__file__).resolve().parent))
for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
    del sys.modules[name]  # OBS was asked to load the script anew: all of it, then
_entry = importlib.import_module(f"{PACKAGE}.obs.native.entry")

script_description = _entry.script_description
script_load = _entry.script_load
script_unload = _entry.script_unload
script_defaults = _entry.script_defaults
script_update = _entry.script_update
script_save = _entry.script_save
script_properties = _entry.script_properties
