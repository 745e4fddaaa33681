"""XMem (arXiv 2207.07115): masks carried by a working, a long-term and a sensory memory; permanent for prompted frames.

``picture`` is what the network sees of a frame, ``memory`` what is remembered of many, ``tracker`` goes from frame to
frame with both.
"""

from pathlib import Path

import torch

from tam_core.device import resolve_device
from tam_core.engines.xmem.settings import XMemSettings
from tam_core.engines.xmem.tracker import XMemTracker
from tam_core.errors import EngineNotReadyError
from tam_core.models.xmem import XMem, XMemSizes
from tam_core.weights import load_strictly, read_weights

__all__ = ["XMemSettings", "XMemTracker", "load"]


def load(
    device: str, checkpoint: Path, settings: XMemSettings | None = None, dtype: torch.dtype = torch.float32
) -> XMemTracker:
    """Read a published checkpoint; the network's sizes are read off its weights. Raises EngineNotReadyError."""
    weights = read_weights(checkpoint)
    try:
        network = XMem(XMemSizes.of(weights), dtype)
    except (KeyError, IndexError) as error:
        raise EngineNotReadyError(f"{checkpoint} is not a checkpoint of XMem: it lacks {error}") from error
    load_strictly(network, weights, "XMem", checkpoint)
    return XMemTracker(network.to(resolve_device(device)).to(memory_format=torch.channels_last), settings)
