"""The one table of trackers and segmenters. To add an engine: one file beside this one and one row here."""

from tam_core.checkpoints import SAM_VIT_B
from tam_core.registry import EngineSpec, Registry

ENGINES = Registry(
    EngineSpec(
        name="flow",
        role="tracker",
        loader="tam_core.engines.flow:load",
        summary="optical flow, colour memory and edges; nothing to download",
        licence="Apache-2.0",
        paper="DIS flow: Kroeger et al. 2016",
        rank=10,
    ),
    EngineSpec(
        name="grabcut",
        role="segmenter",
        loader="tam_core.engines.grabcut:load",
        summary="colour models and graph cuts around your clicks; nothing to download",
        licence="Apache-2.0",
        paper="GrabCut: Rother et al. 2004",
        rank=10,
    ),
    EngineSpec(
        name="sam-vit-b",
        role="segmenter",
        loader="tam_core.engines.sam:load",
        summary="Segment Anything, ViT-B",
        licence="Apache-2.0",
        paper="SAM: arXiv 2304.02643",
        checkpoint=SAM_VIT_B,
        needs=("torch", "segment_anything"),
        rank=50,
    ),
)
