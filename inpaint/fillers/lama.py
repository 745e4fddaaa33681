"""The published big-lama network as a filler (Suvorov et al. 2022, "Resolution-robust Large Mask Inpainting").

The file is a TorchScript module: it brings its own code, so only the published file, compared by SHA-256, or a file
that a person names is ever loaded. It takes pictures (1, 3, H, W) and masks (1, 1, H, W), both float32 0..1, 1 = to be
filled, with sides that are multiples of 8, and returns pictures like the ones given, with what is not masked as it was.
"""

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inpaint.base import Check, part, unchecked
from inpaint.fillers.crops import Crop, CropRule, crops
from tam_core.device import resolve_device
from tam_core.errors import EngineNotReadyError
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.weights import first_line

MULTIPLE = 8
"""Sides of what the network takes: it halves them three times."""

RULE = CropRule(side=1024, context=0.5, margin=128)
"""Trained on 256 pixels and good for several times that; a hole that is wider than half of this is filled smaller."""


@dataclass(frozen=True)
class LamaFiller:
    """``network``: the TorchScript module, on ``device``. It has no chance in it: the same hole, the same fill."""

    network: Any
    device: str = "cpu"
    rule: CropRule = field(default=RULE)

    def fill(self, frames: Pixels, holes: Mask, check: Check = unchecked) -> Pixels:
        """See ``Filler.fill``."""
        filled = frames.copy()
        for index, (picture, hole) in enumerate(zip(filled, holes, strict=True)):
            here = part(check, index / len(frames), (index + 1) / len(frames))
            for crop in crops(hole, self.rule):
                here(0)
                crop.lay_in(picture, self._made(crop, picture), even=False)
            here(1)
        return filled

    def _made(self, crop: Crop, picture: Pixels) -> FloatMap:
        """The network's answer to a crop, (height, width, 3) 0..1."""
        import torch

        below, right = -crop.height % MULTIPLE, -crop.width % MULTIPLE
        shown = crop.shown(picture).astype(np.float32) / np.iinfo(picture.dtype).max
        shown = np.pad(shown, ((0, below), (0, right), (0, 0)), mode="symmetric")
        hole = np.pad(crop.shown_hole(), ((0, below), (0, right)), mode="symmetric").astype(np.float32)
        image = torch.from_numpy(shown.transpose(2, 0, 1)[None].copy()).to(self.device)
        mask = torch.from_numpy(hole[None, None]).to(self.device)
        with torch.inference_mode():
            made = self.network(image, mask)[0].permute(1, 2, 0).float().cpu().numpy()
        return np.asarray(made[: crop.height, : crop.width], np.float32)


def load_lama(device: str, checkpoint: Path) -> LamaFiller:
    """The filler from its file. Raises EngineNotReadyError for a file that is no TorchScript module."""
    import torch

    chosen = resolve_device(device)
    place = "cpu" if chosen == "mps" else chosen  # its Fourier transforms do not run on Apple's GPUs
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit", FutureWarning)  # the file has no other form
        try:
            network: Any = torch.jit.load(  # type: ignore[no-untyped-call]
                str(checkpoint), map_location=place
            )
        except (RuntimeError, ValueError) as error:
            raise EngineNotReadyError(f"{checkpoint} is not a TorchScript file of LaMa: {first_line(error)}") from error
    return LamaFiller(network.eval(), place)
