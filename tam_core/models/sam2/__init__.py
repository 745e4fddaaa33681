"""SAM 2.1 (arXiv 2408.00714): the network that follows prompted objects through a video.

``Sam2`` in ``network.py`` is the whole of it. Parameters carry the names of the published checkpoints.
"""

from tam_core.models.sam2.network import Decoded, ImageFeatures, Memory, PointPrompt, Sam2
from tam_core.models.sam2.sizes import Sam2Size, size_of

__all__ = ["Decoded", "ImageFeatures", "Memory", "PointPrompt", "Sam2", "Sam2Size", "size_of"]
