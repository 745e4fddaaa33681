"""The one table of trackers and segmenters. To add an engine: one file beside this one and one row here."""

from dataclasses import replace

from tam_core import published
from tam_core.registry import EngineSpec, Registry

_FLOW = EngineSpec(
    name="flow",
    role="tracker",
    loader="tam_core.engines.flow:load",
    summary="optical flow, colour memory and edges; nothing to download",
    licence="Apache-2.0",
    paper="DIS flow: Kroeger et al. 2016",
    rank=10,
)
_GRABCUT = EngineSpec(
    name="grabcut",
    role="segmenter",
    loader="tam_core.engines.grabcut:load",
    summary="colour models and graph cuts around your clicks; nothing to download",
    licence="Apache-2.0",
    paper="GrabCut: Rother et al. 2004",
    rank=10,
)
_POCKET = EngineSpec(
    name="pocket",
    role="tracker",
    loader="tam_core.engines.pocket:load",
    summary="our own small network, trained by us, for clicks and tracking; nothing to download",
    licence="Apache-2.0",
    paper="memory: STCN, arXiv 2106.05210; prompts: SAM 2, arXiv 2408.00714",
    needs=("torch",),
    takes_weights=True,
    rank=30,
)
_SAM_VIT_B = EngineSpec(
    name="sam-vit-b",
    role="segmenter",
    loader="tam_core.engines.sam:load",
    summary="Segment Anything, ViT-B",
    licence="Apache-2.0",
    paper="SAM: arXiv 2304.02643",
    checkpoint=published.SAM_VIT_B,
    needs=("torch", "segment_anything"),
    rank=50,
)
_SAM_VIT_L = replace(
    _SAM_VIT_B,
    name="sam-vit-l",
    summary="Segment Anything, ViT-L; for a GPU",
    checkpoint=published.SAM_VIT_L,
    rank=68,
    cpu_rank=20,
)
_SAM_VIT_H = replace(
    _SAM_VIT_B,
    name="sam-vit-h",
    summary="Segment Anything, ViT-H; for a GPU",
    checkpoint=published.SAM_VIT_H,
    rank=78,
    cpu_rank=5,
)
_SAM2_TINY = EngineSpec(
    name="sam2.1-tiny",
    role="tracker",
    loader="tam_core.engines.sam2:load",
    summary="SAM 2.1, Hiera-T",
    licence="Apache-2.0",
    paper="SAM 2: arXiv 2408.00714",
    checkpoint=published.SAM2_TINY,
    needs=("torch",),
    rank=65,
    cpu_rank=60,
)
_SAM2_SMALL = replace(
    _SAM2_TINY,
    name="sam2.1-small",
    summary="SAM 2.1, Hiera-S",
    checkpoint=published.SAM2_SMALL,
    rank=70,
    cpu_rank=50,
)
_SAM2_BASE_PLUS = replace(
    _SAM2_TINY,
    name="sam2.1-base-plus",
    summary="SAM 2.1, Hiera-B+; for a GPU",
    checkpoint=published.SAM2_BASE_PLUS,
    rank=80,
    cpu_rank=20,
)
_SAM2_LARGE = replace(
    _SAM2_TINY,
    name="sam2.1-large",
    summary="SAM 2.1, Hiera-L; for a GPU",
    checkpoint=published.SAM2_LARGE,
    rank=90,
    cpu_rank=5,
)
_EDGETAM = EngineSpec(
    name="edgetam",
    role="tracker",
    loader="tam_core.engines.edgetam:load",
    summary="SAM 2 made small for phones: on a CPU five times as fast as sam2.1-tiny",
    licence="Apache-2.0",
    paper="EdgeTAM: arXiv 2501.07256",
    checkpoint=published.EDGETAM,
    needs=("torch",),
    rank=60,
    cpu_rank=65,
)
_XMEM = EngineSpec(
    name="xmem",
    role="tracker",
    loader="tam_core.engines.xmem:load",
    summary="memory in three stores, made for long videos; masks only",
    licence="MIT",
    paper="XMem: arXiv 2207.07115; permanent memory: XMem++, arXiv 2307.15958",
    checkpoint=published.XMEM,
    needs=("torch",),
    rank=40,
)
_LOOP = EngineSpec(
    name="sam+xmem",
    role="tracker",
    loader="tam_core.engines.tam:load",
    summary="XMem tracks, SAM refines the frames where it is unsure",
    licence="Apache-2.0, MIT",
    paper="Track Anything: arXiv 2304.11968",
    parts=(_SAM_VIT_B, _XMEM),
    rank=44,
)


def _segmenter(tracker: EngineSpec) -> EngineSpec:
    """The same engine in its other role."""
    return replace(tracker, role="segmenter")


ENGINES = Registry(
    _POCKET,
    _FLOW,
    _SAM2_TINY,
    _SAM2_SMALL,
    _SAM2_BASE_PLUS,
    _SAM2_LARGE,
    _EDGETAM,
    _XMEM,
    _LOOP,
    replace(
        _LOOP,
        name="sam2+xmem",
        summary="XMem tracks, SAM 2.1 refines the frames where it is unsure",
        parts=(_segmenter(_SAM2_TINY), _XMEM),
        rank=45,
    ),
    replace(
        _LOOP,
        name="grabcut+flow",
        summary="flow tracks, grabcut refines the frames where it is unsure; nothing to download",
        licence="Apache-2.0",
        parts=(_GRABCUT, _FLOW),
        rank=5,
    ),
    _segmenter(_POCKET),
    _GRABCUT,
    _SAM_VIT_B,
    _SAM_VIT_L,
    _SAM_VIT_H,
    *(_segmenter(row) for row in (_SAM2_TINY, _SAM2_SMALL, _SAM2_BASE_PLUS, _SAM2_LARGE, _EDGETAM)),
    EngineSpec(
        name="clip",
        role="text",
        loader="tam_core.engines.text:load",
        summary="CLIP ViT-B/32: finds the object that words describe",
        licence="MIT",
        paper="CLIP: arXiv 2103.00020",
        checkpoint=published.CLIP,
        needs=("torch", "transformers"),
        rank=50,
    ),
)
