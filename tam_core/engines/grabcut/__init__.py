"""The segmenter that needs no download; see ``segmenter``."""

from tam_core.engines.grabcut.segmenter import GrabCutSegmenter, load

__all__ = ["GrabCutSegmenter", "load"]
