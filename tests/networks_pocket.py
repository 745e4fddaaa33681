"""The pocket network with random weights: small enough as it is."""

import pytest

from tam_core.engines.pocket import PocketSettings, PocketTracker


def random_pocket() -> PocketTracker:
    """A tracker and segmenter with the network's own wiring, over small pictures."""
    torch = pytest.importorskip("torch")
    from tam_core.models.pocket.network import Pocket

    torch.manual_seed(0)
    return PocketTracker(Pocket().to(memory_format=torch.channels_last), PocketSettings(long_side=96))
