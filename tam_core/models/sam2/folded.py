"""Two 1x1 convolutions in a row are one: fewer layers, and no wide map between them."""

import torch
from torch import nn

from tam_core.models.sam2.image_encoder import Lateral
from tam_core.models.sam2.network import Sam2


@torch.no_grad()
def join_skips(network: Sam2) -> None:
    """Join the pyramid's fine levels with the decoder's skips, in place. Before: weights as published; after: the same
    masks."""
    decoder, (*_, fine, finest) = network.sam_mask_decoder, network.image_encoder.neck.convs
    for lateral, name in ((finest, "conv_s0"), (fine, "conv_s1")):
        assert isinstance(lateral, Lateral)
        lateral.conv = _joined(lateral.conv, decoder.get_submodule(name))
        decoder.add_module(name, nn.Identity())


def _joined(first: nn.Conv2d, second: nn.Module) -> nn.Conv2d:
    """The one 1x1 convolution that does what two do, one after the other."""
    assert isinstance(second, nn.Conv2d) and first.bias is not None and second.bias is not None
    after = second.weight[:, :, 0, 0]
    joined = nn.Conv2d(first.in_channels, second.out_channels, 1)
    joined.weight.copy_((after @ first.weight[:, :, 0, 0])[..., None, None])
    assert joined.bias is not None
    joined.bias.copy_(after @ first.bias + second.bias)
    return joined
