"""Video in and out, one frame at a time."""

from tam_core.video.source import AudioInfo, ColourTags, Frame, FrameSource, VideoInfo

__all__ = ["AudioInfo", "ColourTags", "Frame", "FrameSource", "VideoInfo"]
