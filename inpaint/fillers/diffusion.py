"""A diffusers inpainting pipeline as a filler: what a model by hub id, or in a folder, makes of a prompt.

Works on a crop around the hole at the size that the model was trained for; pixels outside the hole stay.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from inpaint.base import Check, part, unchecked
from inpaint.fillers.crops import Crop, CropRule, crops
from inpaint.fillers.published import NEGATIVE_PROMPT, PROMPT
from inpaint.pipelines import load_inpainting, seeded, watching
from tam_core.errors import RequestError
from tam_core.types import FloatMap, Mask, Pixels

USUAL_SIDE = 1024
"""Of pictures that models make which do not say their size."""


@dataclass(frozen=True)
class Wish:
    """What a pipeline is asked for. ``strength`` 0..1: how far the result may depart from what the hole shows now; at
    1 it is not looked at. ``guidance``: how closely the words are followed. ``seed``: same seed, same picture."""

    prompt: str = PROMPT
    negative_prompt: str = NEGATIVE_PROMPT
    steps: int = 30
    guidance: float = 7.5
    seed: int = 0
    strength: float = 1.0


@dataclass(frozen=True)
class DiffusionFiller:
    """``pipeline``: a diffusers inpainting pipeline on its device."""

    pipeline: Any
    wish: Wish = Wish()

    def fill(self, frames: Pixels, holes: Mask, check: Check = unchecked) -> Pixels:
        """See ``Filler.fill``; every frame is made from the same seed."""
        filled = frames.copy()
        rule = CropRule(side=model_side(self.pipeline), context=0.5, margin=64, enlarge=True, multiple=16)
        for index, (picture, hole) in enumerate(zip(filled, holes, strict=True)):
            here = part(check, index / len(frames), (index + 1) / len(frames))
            found = list(crops(hole, rule))
            for number, crop in enumerate(found):
                step = part(here, number / len(found), (number + 1) / len(found))
                crop.lay_in(picture, painted(self.pipeline, crop, picture, self.wish, step), even=True)
            here(1)
        return filled


def model_side(pipeline: Any) -> int:
    """The longer side, in pixels, of the pictures that a pipeline was trained on."""
    network = getattr(pipeline, "unet", None)
    side = getattr(network.config, "sample_size", None) if network is not None else None
    return int(side) * int(pipeline.vae_scale_factor) if isinstance(side, int) else USUAL_SIDE


def painted(pipeline: Any, crop: Crop, picture: Pixels, wish: Wish, check: Check = unchecked) -> FloatMap:
    """What a pipeline makes of a crop of ``picture``, (height, width, 3) 0..1. Raises RequestError if it refuses."""
    from PIL import Image

    check(0)
    shown = crop.shown(picture)
    eight = shown if shown.dtype == np.uint8 else (shown >> 8).astype(np.uint8)
    result = pipeline(
        prompt=wish.prompt,
        negative_prompt=wish.negative_prompt or None,
        image=Image.fromarray(eight),
        mask_image=Image.fromarray(crop.shown_hole().astype(np.uint8) * 255),
        height=crop.height,
        width=crop.width,
        strength=wish.strength,
        num_inference_steps=enough_steps(wish),
        guidance_scale=wish.guidance,
        generator=seeded(wish.seed),
        output_type="np",
        callback_on_step_end=watching(check),
    )
    if any(getattr(result, "nsfw_content_detected", None) or ()):
        raise RequestError(f"the model's safety checker withheld the picture for {wish.prompt!r}: try another seed")
    return np.asarray(result.images[0], np.float32)


def enough_steps(wish: Wish) -> int:
    """Steps to ask for: with a low strength only the last ones are made, and at least one has to be."""
    return max(wish.steps, int(np.ceil(1 / max(wish.strength, 1e-3))))


def load_diffusion(device: str, model: str, wish: Wish = Wish()) -> DiffusionFiller:
    """The filler with a model that is on this machine, by folder or hub id. Raises EngineNotReadyError."""
    return DiffusionFiller(load_inpainting(model, device), wish)
