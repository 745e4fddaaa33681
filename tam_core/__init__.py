"""Cut objects out of video."""
