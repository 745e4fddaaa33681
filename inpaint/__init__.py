"""Take objects out of video: masklets in, frames without them out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inpaint.base import Inpainter, WindowSpec
    from inpaint.composite import overlay
    from inpaint.engines import INPAINTERS
    from inpaint.removal import remove

__all__ = ["INPAINTERS", "Inpainter", "WindowSpec", "overlay", "remove"]

_HOMES = {
    "inpaint.base": ("Inpainter", "WindowSpec"),
    "inpaint.composite": ("overlay",),
    "inpaint.engines": ("INPAINTERS",),
    "inpaint.removal": ("remove",),
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that `tam --help` need not wait for OpenCV (PEP 562)."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'inpaint' has no attribute '{name}'")
