"""Video in and out, one frame at a time."""

from tam_core.video.file import FileSource
from tam_core.video.images import ImageFolderSource
from tam_core.video.live import LiveSource
from tam_core.video.memory import ArraySource
from tam_core.video.open import deepened, open_video
from tam_core.video.source import AudioInfo, ColourTags, Frame, FrameSource, VideoInfo, VideoWarning
from tam_core.video.writer import write_video

__all__ = [
    "ArraySource",
    "AudioInfo",
    "ColourTags",
    "FileSource",
    "Frame",
    "FrameSource",
    "ImageFolderSource",
    "LiveSource",
    "VideoInfo",
    "VideoWarning",
    "deepened",
    "open_video",
    "write_video",
]
