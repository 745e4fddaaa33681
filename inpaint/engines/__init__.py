"""The one table of inpainters. To add one: a filler in ``inpaint/fillers``, a loader in ``filling.py`` and a row here.

All of them copy what other frames saw; they differ in how they make up, on a few key frames, what no frame ever showed.
"""

from dataclasses import replace

from inpaint.fillers.published import BIG_LAMA, INPAINTING, NEGATIVE_PROMPT, PROMPT
from tam_core.registry import EngineSpec, Parameter, Registry

COPYING = (
    Parameter("window", "int", 40, "frames filled together; more of them need more memory", "frames", 16, 160),
    Parameter(
        "match_light",
        "choice",
        "local",
        "how the light of copied pixels is matched",
        choices=("none", "linear", "local"),
    ),
)
"""What every row takes: how the copying is done."""

_PLATE = EngineSpec(
    name="plate",
    role="inpainter",
    loader="inpaint.engines.plate:load",
    summary="copies the background from frames that saw it, invents the rest from patches; nothing to download",
    licence="Apache-2.0",
    paper="patches: Wexler et al. 2007, PatchMatch: Barnes et al. 2009",
    aliases=("patch",),
    rank=10,
    parameters=COPYING,
)

INPAINTERS = Registry(
    _PLATE,
    replace(
        _PLATE,
        name="lama",
        loader="inpaint.engines.filling:load_lama",
        summary="copies like plate, invents the rest with the LaMa network",
        paper="LaMa: arXiv 2109.07161",
        checkpoint=BIG_LAMA,
        needs=("torch",),
        aliases=(),
        rank=20,
    ),
    replace(
        _PLATE,
        name="diffusion",
        loader="inpaint.engines.filling:load_diffusion",
        summary="copies like plate, invents the rest by words with a diffusers model; for a GPU",
        licence="CreativeML Open RAIL-M",
        paper="latent diffusion: arXiv 2112.10752",
        checkpoint=INPAINTING,
        needs=("torch", "diffusers", "transformers", "accelerate"),
        aliases=(),
        rank=5,
        parameters=(
            Parameter("model", "text", "", "another diffusers inpainting model: hub id or folder"),
            Parameter("prompt", "text", PROMPT, "what there is behind the object"),
            Parameter("negative_prompt", "text", NEGATIVE_PROMPT, "what there is not"),
            Parameter("steps", "int", 30, "more take longer and are finer", "steps", 1, 200),
            Parameter("guidance", "float", 7.5, "how closely the words are followed", "", 1, 30),
            Parameter("seed", "int", 0, "another number, another picture", "", 0, 2**31 - 1),
            *COPYING,
        ),
    ),
)
