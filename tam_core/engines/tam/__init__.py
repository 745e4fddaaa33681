"""The Track Anything loop (arXiv 2304.11968, section 3): a tracker carries masks, a segmenter repairs doubtful ones.

``loop`` is the tracker made of both, ``ask`` turns a tracker's doubtful mask into a question to the segmenter.
"""

from typing import Any

from tam_core.engines.tam.loop import LoopSettings, TrackAnything

__all__ = ["LoopSettings", "TrackAnything", "load"]


def load(device: str, parts: list[Any]) -> TrackAnything:
    """The loop over ``parts``: a segmenter and a mask tracker, both loaded for ``device``."""
    segmenter, tracker = parts
    return TrackAnything(segmenter, tracker)
