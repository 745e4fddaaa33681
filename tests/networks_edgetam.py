"""EdgeTAM with weights drawn from their names: a small one to test behaviour, the published size to compare numbers."""

from typing import Any

import pytest

from tam_core.engines.sam2 import Sam2Settings, Sam2Tracker
from tam_core.models.edgetam import EdgeTam, EdgeTamSize
from tam_core.models.edgetam.keys import published_names
from tam_core.models.edgetam.repvit import RepViTSize
from tests.seeded import as_theirs, seeded_weights

SMALL = EdgeTamSize(
    trunk=RepViTSize(channels=(8, 16, 32, 64), depths=(1, 1, 2, 1)),
    width=32,
    memory_width=8,
    global_latents=6,
    grid_side=2,
)
SIDE = 128


def small_edgetam(settings: Sam2Settings | None = None) -> Sam2Tracker:
    """Five blocks over pictures of 128 pixels, ten latents, in float32."""
    return Sam2Tracker(seeded(EdgeTam(SMALL)), settings or Sam2Settings(image_size=SIDE))


def seeded(network: EdgeTam) -> EdgeTam:
    """The network with weights drawn from their names."""
    network.load_state_dict(seeded_weights({name: value.shape for name, value in network.state_dict().items()}))
    return network.eval()


def reference(side: int) -> Any:
    """transformers' EdgeTAM over pictures of ``side`` pixels, with the weights of ``seeded``; without it, skips."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("timm", reason="transformers takes the trunk of EdgeTAM from timm")
    config = transformers.EdgeTamVideoConfig(
        image_size=side,
        memory_attention_rope_feat_sizes=[side // 16, side // 16],
        enable_temporal_pos_encoding_for_object_pointers=False,
        enable_occlusion_spatial_embedding=False,
        prompt_encoder_config={"image_size": side},
        vision_config={
            "model_type": "edgetam_vision_model",
            "backbone_feature_sizes": [[side // n, side // n] for n in (4, 8, 16)],
            "backbone_config": {
                "model_type": "timm_wrapper",
                "architecture": "repvit_m1",
                "num_classes": 1000,
                "model_args": {"in_chans": 3, "features_only": True, "out_indices": [0, 1, 2, 3]},
            },
        },
    )
    model = transformers.EdgeTamVideoModel(config).eval()
    model.load_state_dict(as_theirs(model.state_dict(), published_names))
    return model
