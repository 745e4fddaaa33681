"""Pocket: our own small network that turns clicks into masks and carries them through a video."""
