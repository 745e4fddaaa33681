"""SAM 2.1 (arXiv 2408.00714) as segmenter and tracker in one. The network is in tam_core/models/sam2."""

from pathlib import Path

import torch

from tam_core.device import compile_if_asked, fastest_dtype, resolve_device
from tam_core.engines.sam2.settings import Sam2Settings
from tam_core.engines.sam2.tracker import Sam2Tracker
from tam_core.errors import EngineNotReadyError
from tam_core.models.sam2 import Sam2, size_of
from tam_core.models.sam2.folded import join_skips
from tam_core.models.sam2.keys import is_hugging_face, published_names
from tam_core.weights import load_strictly, read_weights

__all__ = ["Sam2Settings", "Sam2Tracker", "load", "prepared"]


def load(device: str, checkpoint: Path, settings: Sam2Settings | None = None) -> Sam2Tracker:
    """Read a published checkpoint, or the Hugging Face safetensors; the size of the network is read off its weights.

    Raises EngineNotReadyError when the file is not SAM 2.1's.
    """
    weights = read_weights(checkpoint)
    if is_hugging_face(weights):
        weights = published_names(weights)
    try:
        network = Sam2(size_of(weights))
    except KeyError as error:
        raise EngineNotReadyError(f"{checkpoint} is not a SAM 2.1 checkpoint: it has no {error}") from error
    load_strictly(network, weights, "SAM 2.1", checkpoint)
    return Sam2Tracker(prepared(network, device), settings)


def prepared(network: Sam2, device: str, dtype: torch.dtype | None = None) -> Sam2:
    """The network on its device, in the numbers that are fastest there unless ``dtype`` says otherwise.

    The decoder keeps float32: it costs little there, and outlines suffer most from coarse numbers.
    """
    place = resolve_device(device)
    join_skips(network)
    network = network.to(place, dtype or fastest_dtype(place)).to(memory_format=torch.channels_last)
    network.sam_prompt_encoder.float()
    network.sam_mask_decoder.float()
    compile_if_asked(network.image_encoder)
    compile_if_asked(network.memory_attention)
    return network
