"""Batch normalisation folded into the convolutions before it: what training needs apart is one step at inference."""

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tam_core.models.pocket.layers import Residual


@torch.no_grad()
def fold(module: nn.Module) -> None:
    """Fold what can be folded, in place. The network must be in ``eval`` mode; it gives the same features."""
    for child in module.children():
        fold(child)
    if isinstance(module, Residual) and isinstance(module.norm, nn.BatchNorm2d):
        module.second, module.norm = fuse_conv_bn_eval(module.second, module.norm), nn.Identity()
    if isinstance(module, nn.Sequential) and len(module) > 1 and isinstance(module[1], nn.BatchNorm2d):
        convolution = module[0]
        assert isinstance(convolution, nn.Conv2d)
        module[0], module[1] = fuse_conv_bn_eval(convolution, module[1]), nn.Identity()
