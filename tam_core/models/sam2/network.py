"""SAM 2.1 as one module: image encoder, prompt encoder, mask decoder, memory encoder and memory attention.

It knows tensors; which frames are remembered is decided by its caller (engines/sam2). Proved against the published
implementation with equal random weights (tests/test_models_sam2.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tam_core.models.sam2.image_encoder import ImageEncoder
from tam_core.models.sam2.layers import Mlp, as_map, as_tokens
from tam_core.models.sam2.mask_decoder import MaskDecoder, RawMasks
from tam_core.models.sam2.memory_attention import MemoryAttention
from tam_core.models.sam2.memory_encoder import MemoryEncoder
from tam_core.models.sam2.position import rotations, sine_grid, sine_of_time
from tam_core.models.sam2.prompt_encoder import NOT_A_POINT, PromptEncoder
from tam_core.models.sam2.sizes import Sam2Size

NO_OBJECT = -1024.0
"""The logit of every pixel where the object is not in the picture."""
_SURE_LOGIT = 10.0
"""The logits of a mask given by a person are plus and minus this."""
_POSITION_SHARE = 0.1


@dataclass(frozen=True)
class ImageFeatures:
    """A picture as the network sees it: maps at 1/4 and 1/8 for the decoder, and at 1/16; each (1, C, ., .)."""

    finest: Tensor
    fine: Tensor
    coarse: Tensor


@dataclass(frozen=True)
class PointPrompt:
    """Points (B, N, 2) float32 in pixels of the network's picture and labels (B, N): see ``prompt_encoder``."""

    points: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Decoded:
    """One mask an object: ``logits`` (B, 1, H / 4, W / 4), predicted ``ious`` (B,), ``presence`` (B,), > 0 where
    it is in the picture, and ``pointers`` (B, C), the object in a word (SAM 2, section 4)."""

    logits: Tensor
    ious: Tensor
    presence: Tensor
    pointers: Tensor


@dataclass(frozen=True)
class Memory:
    """One object on one frame: ``features`` (M, D) bfloat16 and where they are in the picture, ``positions`` (M, D)."""

    features: Tensor
    positions: Tensor


class Sam2(nn.Module):
    """The network of SAM 2.1, for inference."""

    def __init__(self, size: Sam2Size) -> None:
        super().__init__()
        width = size.width
        self.image_encoder = ImageEncoder(size.trunk.build(), size.trunk.channels, width)
        self.sam_prompt_encoder = PromptEncoder(width)
        self.sam_mask_decoder = MaskDecoder(width)
        self.memory_attention = MemoryAttention(width, size.memory_width, size.memory_depth)
        self.memory_encoder = MemoryEncoder(width, size.memory_width)
        self.mask_downsample = nn.Conv2d(1, 1, 4, stride=4)
        self.obj_ptr_proj = Mlp(width, width, width, width)
        self.obj_ptr_tpos_proj = nn.Linear(width, size.memory_width)
        self.maskmem_tpos_enc = nn.Parameter(torch.zeros(size.memory_frames, 1, 1, size.memory_width))
        self.no_mem_embed = nn.Parameter(torch.zeros(1, 1, width))
        self.no_mem_pos_enc = nn.Parameter(torch.zeros(1, 1, width))  # in the weights; no published model uses it
        self.no_obj_ptr = nn.Parameter(torch.zeros(1, width))
        self.no_obj_embed_spatial = nn.Parameter(torch.zeros(1, size.memory_width))
        self._places: dict[tuple[int, int], Tensor] = {}

    @property
    def dtype(self) -> torch.dtype:
        """What the network computes in."""
        return self.no_mem_embed.dtype

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return self.no_mem_embed.device

    @property
    def _decoder_dtype(self) -> torch.dtype:
        return self.sam_mask_decoder.iou_token.weight.dtype

    def encode_image(self, pixels_bchw: Tensor) -> ImageFeatures:
        """A normalised picture (1, 3, H, W), sides a multiple of 32 -> its features."""
        finest, fine, coarse = self.image_encoder(pixels_bchw)
        decoder = self.sam_mask_decoder
        return ImageFeatures(decoder.conv_s0(finest), decoder.conv_s1(fine), coarse)

    def without_memory(self, features: ImageFeatures) -> Tensor:
        """The features (1, C, h, w) of a frame that is judged by itself."""
        return features.coarse + self.no_mem_embed[..., None].transpose(1, 2)

    def with_memory(self, features: ImageFeatures, memory: Tensor, positions: Tensor, pointer_tokens: int) -> Tensor:
        """The features (B, C, h, w) of a frame in the light of B objects' memories (B, M, D), as ``recall`` gives."""
        height, width = features.coarse.shape[2:]
        places = sine_grid(height, width, features.coarse.shape[1], self.device, self.dtype)
        turns = rotations(height, width, features.coarse.shape[1], self.device)
        seen = as_tokens(features.coarse + _POSITION_SHARE * places)
        known = self.memory_attention(seen, memory, positions, turns, self._memory_turns(turns), pointer_tokens)
        return as_map(known, height, width)

    def recall(
        self, memories: Sequence[tuple[int, Memory]], pointers: Sequence[tuple[int, Tensor]], span: int
    ) -> tuple[Tensor, Tensor, int]:
        """One object's memory (M, D) and positions (M, D), ready to look at, and how many of them are of pointers.

        ``memories`` come with their age in frames, 0 for prompted frames, at most ``memory_frames`` - 1; ``pointers``
        (C,) with their age in frames, measured against ``span``, the largest age.
        """
        ages = [self.maskmem_tpos_enc[age - 1, 0] for age, _ in memories]
        tokens = [memory.features.to(self.dtype) for _, memory in memories]
        positions = [memory.positions + age for (_, memory), age in zip(memories, ages, strict=True)]
        count = 0
        if pointers:
            words = torch.stack([pointer for _, pointer in pointers])
            pieces = words.shape[1] // self.maskmem_tpos_enc.shape[3]
            elapsed = torch.tensor([age for age, _ in pointers], device=self.device) / max(1, span)
            times = self._pointer_times(elapsed, words.shape[1])
            tokens.append(words.reshape(len(words) * pieces, -1))
            positions.append(times.repeat_interleave(pieces, 0))
            count = len(words) * pieces
        return torch.cat(tokens), torch.cat(positions), count

    def decode(
        self,
        image_bchw: Tensor,
        features: ImageFeatures,
        points: PointPrompt | None,
        logits_b1hw: Tensor | None,
        several: bool,
    ) -> RawMasks:
        """Masks for prompts, or for memory alone. ``image_bchw`` is with or without memory.

        The decoder may compute in finer numbers than the rest.
        """
        height, width = image_bchw.shape[2:]
        finest, fine = features.finest.to(self._decoder_dtype), features.fine.to(self._decoder_dtype)
        points = points or self._nothing_said(len(image_bchw))
        said = self.sam_prompt_encoder.points(points.points, points.labels, 16 * height)
        image = image_bchw.to(self._decoder_dtype) + self.sam_prompt_encoder.mask(logits_b1hw)
        image = image.expand(len(said), -1, -1, -1)
        raw: RawMasks = self.sam_mask_decoder(image, self._grid(height, width), finest, fine, said, several)
        return raw

    def settle(self, raw: RawMasks) -> Decoded:
        """The mask of the best predicted IoU; none where the object is not in the picture."""
        rows = torch.arange(len(raw.ious), device=raw.ious.device)
        best = raw.ious.argmax(1)
        there = raw.presence > 0
        logits = torch.where(there[..., None, None], raw.logits[rows, best][:, None], NO_OBJECT)
        pointers = self._pointers(raw.tokens[rows, best], there)
        return Decoded(logits, raw.ious[rows, best], raw.presence[:, 0], pointers)

    def adopt(self, features: ImageFeatures, masks_b1hw: Tensor, several: bool = False) -> Decoded:
        """A person's masks (B, 1, H, W), 0 or 1, as they are: the decoder only finds the word for each object.

        ``several`` takes that word from the best of three masks, as transformers does; the published predictor takes
        the single mask's.
        """
        masks = masks_b1hw.to(self.dtype)
        image = features.coarse.expand(len(masks), -1, -1, -1)
        raw = self.decode(image, features, None, self.mask_downsample(masks), several)
        there = masks_b1hw.flatten(1).any(1, keepdim=True)
        pointers = torch.where(there, self.settle(raw).pointers, self.no_obj_ptr)
        logits = F.interpolate(
            (2 * masks_b1hw.float() - 1) * _SURE_LOGIT, scale_factor=0.25, mode="bilinear", antialias=True
        )
        sure = torch.where(there[:, 0], _SURE_LOGIT, -_SURE_LOGIT)
        return Decoded(logits, torch.ones_like(sure), sure, pointers)

    def remember(self, features: ImageFeatures, masks_b1hw: Tensor, presence: Tensor) -> list[Memory]:
        """A memory for each object: masks (B, 1, H, W) are probabilities at the size of the network's picture."""
        encoded = self.memory_encoder(features.coarse, masks_b1hw)
        absent = (presence <= 0).to(encoded.dtype)[:, None, None, None]
        encoded = encoded + absent * self.no_obj_embed_spatial[..., None, None]
        height, width = encoded.shape[2:]
        positions = as_tokens(sine_grid(height, width, encoded.shape[1], self.device, self.dtype))[0]
        return [Memory(tokens.contiguous(), positions) for tokens in as_tokens(encoded).to(torch.bfloat16)]

    def _memory_turns(self, turns: Tensor) -> Tensor:
        """Where the rows of one remembered frame are, by where the places of a frame are: the same grid."""
        return turns

    def _pointer_times(self, elapsed: Tensor, channels: int) -> Tensor:
        """The position (N, D) of object pointers of so much time ago, (N,) 0..1."""
        times: Tensor = self.obj_ptr_tpos_proj(sine_of_time(elapsed, channels).to(self.dtype))
        return times

    def _pointers(self, tokens: Tensor, there: Tensor) -> Tensor:
        return torch.where(there, self.obj_ptr_proj(tokens.to(self.dtype)), self.no_obj_ptr)

    def _nothing_said(self, count: int) -> PointPrompt:
        points = torch.zeros(count, 1, 2, device=self.device)
        return PointPrompt(points, torch.full((count, 1), NOT_A_POINT, device=self.device))

    def _grid(self, height: int, width: int) -> Tensor:
        """The encoding of the picture's places, computed once for each size."""
        kept = self._places.get((height, width))
        if kept is None or kept.dtype != self._decoder_dtype or kept.device != self.device:
            kept = self._places[height, width] = self.sam_prompt_encoder.grid(height, width).to(self._decoder_dtype)
        return kept
