"""A TorchScript file with LaMa's interface: pictures and masks in, pictures out."""

import warnings
from pathlib import Path

import torch
from torch import nn


class MeanOfKnown(nn.Module):
    """Fills with the mean colour of what is not masked; refuses sides that are not multiples of 8, as LaMa does."""

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        assert image.shape[2] % 8 == 0 and image.shape[3] % 8 == 0
        assert mask.shape[1] == 1 and bool(((mask == 0) | (mask == 1)).all())
        assert float(image.max()) <= 1
        known = 1 - mask
        mean = (image * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True)
        return image * known + mean * mask


def save_lama(path: Path) -> Path:
    """Write it as torch.jit.save does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.jit.script(MeanOfKnown()).save(str(path))
    return path
