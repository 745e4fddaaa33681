"""The inpainters that make up with a network what no frame ever showed: the copying engine with another filler."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from inpaint.engines.plate import PlateInpainter
from inpaint.engines.plate import load as load_copying
from inpaint.fillers.published import NEGATIVE_PROMPT, PROMPT


def load_lama(device: str, checkpoint: Path, **copying: Any) -> PlateInpainter:
    """The big-lama network, from its file. ``copying``: options of the copying engine. Raises EngineNotReadyError."""
    from inpaint.fillers import lama

    return replace(load_copying(device, **copying), filler=lama.load_lama(device, checkpoint))


def load_diffusion(
    device: str,
    checkpoint: Path,
    *,
    model: str = "",
    prompt: str = PROMPT,
    negative_prompt: str = NEGATIVE_PROMPT,
    steps: int = 30,
    guidance: float = 7.5,
    seed: int = 0,
    **copying: Any,
) -> PlateInpainter:
    """A diffusers inpainting pipeline: ``model``, a hub id or folder, or else the one in the folder ``checkpoint``.

    Raises EngineNotReadyError where the model is not on this machine.
    """
    from inpaint.fillers import diffusion

    wish = diffusion.Wish(prompt, negative_prompt, steps, guidance, seed)
    return replace(
        load_copying(device, **copying), filler=diffusion.load_diffusion(device, model or str(checkpoint), wish)
    )
