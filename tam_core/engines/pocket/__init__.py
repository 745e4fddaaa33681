"""Our own engine: clicks and tracking in one small network, in the package, trained by ``tam train``."""

from pathlib import Path

from tam_core.engines.pocket.settings import PocketSettings
from tam_core.engines.pocket.tracker import PocketTracker

__all__ = ["WEIGHTS", "PocketSettings", "PocketTracker", "load"]

WEIGHTS = Path(__file__).with_name("pocket.safetensors")


def load(device: str = "cpu", settings: PocketSettings | None = None, checkpoint: Path = WEIGHTS) -> PocketTracker:
    """The tracker, which is a segmenter too. ``checkpoint`` may be the result of a training of your own."""
    import torch

    from tam_core.device import compile_if_asked, fastest_dtype, keep_freed_memory, resolve_device
    from tam_core.models.pocket.folded import fold
    from tam_core.models.pocket.network import Pocket
    from tam_core.weights import load_strictly, read_weights

    network = Pocket().eval()
    load_strictly(network, read_weights(checkpoint), "pocket", checkpoint)
    fold(network)
    place = resolve_device(device)
    network = network.to(place, fastest_dtype(place)).to(memory_format=torch.channels_last)
    compile_if_asked(network.encoder)
    if place == "cpu":
        keep_freed_memory()
    return PocketTracker(network, settings)
