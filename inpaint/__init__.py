"""Take objects out of video."""
