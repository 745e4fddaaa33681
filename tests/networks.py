"""Small networks with random weights: how contract tests meet every network without a download.

What holds for any weights is tested on them; following and finding objects is tested on engines that are ready.
"""

from collections.abc import Callable
from functools import partial

import pytest

from tam_core.engines import ENGINES
from tam_core.engines.base import Segmenter, Tracker
from tam_core.engines.tam import TrackAnything
from tam_core.registry import EngineSpec, Role
from tests.networks_edgetam import small_edgetam
from tests.networks_pocket import random_pocket
from tests.networks_sam2 import small_sam2
from tests.networks_xmem import small_xmem


def small_sam() -> Segmenter:
    """SAM with its own wiring, two layers deep, over pictures of 128 pixels."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("segment_anything")
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    from tam_core.engines.sam import SamSegmenter

    torch.manual_seed(0)
    encoder = ImageEncoderViT(
        img_size=128,
        embed_dim=16,
        depth=2,
        num_heads=2,
        norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
        out_chans=32,
        use_rel_pos=True,
        window_size=4,
        global_attn_indexes=(1,),
    )
    prompts = PromptEncoder(32, (8, 8), (128, 128), mask_in_chans=8)
    transformer = TwoWayTransformer(depth=2, embedding_dim=32, num_heads=2, mlp_dim=32)
    return SamSegmenter(Sam(encoder, prompts, MaskDecoder(transformer_dim=32, transformer=transformer)))


def loop(segmenter: Callable[[], Segmenter], tracker: Callable[[], Tracker]) -> Tracker:
    """The Track Anything loop over a pair."""
    return TrackAnything(segmenter(), tracker())


TRACKERS: dict[str, Callable[[], Tracker]] = {
    "small-sam2": small_sam2,
    "small-edgetam": small_edgetam,
    "random-pocket": random_pocket,
    "small-xmem": small_xmem,
    "small-sam+xmem": partial(loop, small_sam, small_xmem),
    "small-sam2+xmem": partial(loop, small_sam2, small_xmem),
}
SEGMENTERS: dict[str, Callable[[], Segmenter]] = {
    "small-sam": small_sam,
    "small-sam2": small_sam2,
    "small-edgetam": small_edgetam,
    "random-pocket": random_pocket,
}


def load_tracker(name: str) -> Tracker:
    """An engine of the table or a small network; the test is skipped where the engine is not ready."""
    if name in TRACKERS:
        return TRACKERS[name]()
    tracker: Tracker = ready(name, "tracker").load("cpu")
    return tracker


def load_segmenter(name: str) -> Segmenter:
    """An engine of the table or a small network; the test is skipped where the engine is not ready."""
    if name in SEGMENTERS:
        return SEGMENTERS[name]()
    segmenter: Segmenter = ready(name, "segmenter").load("cpu")
    return segmenter


def ready(name: str, role: Role) -> EngineSpec:
    """The row of an engine that can be loaded now."""
    row = ENGINES.get(name, role)
    if not row.ready:
        pytest.skip(f"{name} is not ready on this machine: only small random weights are tested")
    return row
