"""A small SAM 2 with weights drawn from a seed."""

import torch

from tam_core.engines.sam2 import Sam2Settings, Sam2Tracker
from tam_core.models.sam2 import Sam2, Sam2Size
from tam_core.models.sam2.hiera import HieraSize

SMALL = Sam2Size(
    HieraSize(width=16, heads=1, stages=(1, 1, 2, 1), windows=(8, 4, 4, 2), whole_picture=(3,), background=4),
    width=32,
    memory_width=8,
    memory_depth=2,
)
SIDE = 128


def small_sam2(settings: Sam2Settings | None = None) -> Sam2Tracker:
    """Five blocks over pictures of 128 pixels, in float32. Its objects are mostly in the picture."""
    torch.manual_seed(0)
    network = Sam2(SMALL)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=parameter[0].numel() ** -0.5)
        network.sam_mask_decoder.pred_obj_score_head.layers[-1].bias += 1
    return Sam2Tracker(network, settings or Sam2Settings(image_size=SIDE))
