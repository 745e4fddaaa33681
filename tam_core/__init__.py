"""Cut objects out of video: prompts on any frame in, masklets out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tam_core.engines import ENGINES
    from tam_core.engines.base import Candidates, FrameMasks, Segmenter, Tracker
    from tam_core.errors import TamError
    from tam_core.formats.davis import read_davis, write_davis
    from tam_core.formats.masklet_json import read_masklets, write_masklets
    from tam_core.masklet import Masklet
    from tam_core.project import Project
    from tam_core.prompts import Box, Click, MaskPrompt, TextPrompt
    from tam_core.quality import next_frame_to_fix
    from tam_core.reacquire import Proposal
    from tam_core.session import Session
    from tam_core.shots import Shot, find_shots
    from tam_core.video import Frame, FrameSource, LiveSource, VideoInfo, open_video, write_video

__all__ = [
    "ENGINES",
    "Box",
    "Candidates",
    "Click",
    "Frame",
    "FrameMasks",
    "FrameSource",
    "LiveSource",
    "MaskPrompt",
    "Masklet",
    "Project",
    "Proposal",
    "Segmenter",
    "Session",
    "Shot",
    "TamError",
    "TextPrompt",
    "Tracker",
    "VideoInfo",
    "find_shots",
    "next_frame_to_fix",
    "open_video",
    "read_davis",
    "read_masklets",
    "write_davis",
    "write_masklets",
    "write_video",
]

_HOMES = {
    "tam_core.engines": ("ENGINES",),
    "tam_core.engines.base": ("Candidates", "FrameMasks", "Segmenter", "Tracker"),
    "tam_core.errors": ("TamError",),
    "tam_core.formats.davis": ("read_davis", "write_davis"),
    "tam_core.formats.masklet_json": ("read_masklets", "write_masklets"),
    "tam_core.masklet": ("Masklet",),
    "tam_core.project": ("Project",),
    "tam_core.prompts": ("Box", "Click", "MaskPrompt", "TextPrompt"),
    "tam_core.quality": ("next_frame_to_fix",),
    "tam_core.reacquire": ("Proposal",),
    "tam_core.session": ("Session",),
    "tam_core.shots": ("Shot", "find_shots"),
    "tam_core.video": ("Frame", "FrameSource", "LiveSource", "VideoInfo", "open_video", "write_video"),
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that `tam --help` need not wait for OpenCV and FFmpeg (PEP 562)."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'tam_core' has no attribute '{name}'")
