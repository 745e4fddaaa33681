"""Segment Anything (arXiv 2304.02643) over the ``segment_anything`` package: clicks, a box or a mask -> masks.

Knows how prompts become SAM's inputs. The network, its sizes and its resizing are the package's own.
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from segment_anything import sam_model_registry
from segment_anything.modeling import Sam
from segment_anything.utils.transforms import ResizeLongestSide

from tam_core.device import resolve_device
from tam_core.engines.base import Candidates
from tam_core.errors import EngineNotReadyError, PromptError
from tam_core.prompts import Box, Click, MaskPrompt, Prompt
from tam_core.types import FloatMap, Mask, Pixels, Size

_MODEL_OF_WIDTH = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}
_WIDTH_KEY = "image_encoder.patch_embed.proj.weight"
_SURE = 0.999
"""How sure a mask given by the user is: its logits are +-6.9, inside the range of SAM's own."""


@dataclass(frozen=True)
class SamEmbedding:
    """A picture as SAM sees it: ``features`` (1, 256, side / 16, side / 16), its size before and after resizing."""

    features: torch.Tensor = field(repr=False)
    original_size: Size
    input_size: Size


class SamSegmenter:
    """A loaded SAM. Holds weights only: the picture is in the embedding, the user's words are in the prompts."""

    def __init__(self, model: Sam) -> None:
        self._model = model.eval()
        self._resize = ResizeLongestSide(model.image_encoder.img_size)

    @torch.inference_mode()
    def embed(self, pixels: Pixels) -> SamEmbedding:
        """Run the image encoder on (H, W, 3) RGB, once per picture."""
        resized = self._resize.apply_image(pixels)
        batch = self._tensor(resized).permute(2, 0, 1)[None].contiguous()
        features = self._model.image_encoder(self._model.preprocess(batch))
        return SamEmbedding(features, _size(pixels), _size(resized))

    @torch.inference_mode()
    def segment(self, embedding: SamEmbedding, prompts: Sequence[Prompt]) -> Candidates:
        """Three candidates, best first, for a single click; one for prompts that leave no doubt (SAM, section 3)."""
        clicks = [prompt for prompt in prompts if isinstance(prompt, Click)]
        boxes = [prompt for prompt in prompts if isinstance(prompt, Box)]
        masks = [prompt for prompt in prompts if isinstance(prompt, MaskPrompt)]
        if masks and not clicks and not boxes:
            return Candidates(masks[-1].mask[None].copy(), np.ones(1, np.float32))
        if not boxes and not masks and not any(click.positive for click in clicks):
            raise PromptError("only negative clicks: give a positive click on the object, or a box around it")
        sparse, dense = self._model.prompt_encoder(
            points=self._points(embedding, clicks) if clicks else None,
            boxes=self._box(embedding, boxes[-1]) if boxes else None,
            masks=self._mask_input(masks[-1].mask) if masks else None,
        )
        return self._decode(embedding, sparse, dense, several=len(prompts) == 1 and len(clicks) == 1)

    def _decode(self, embedding: SamEmbedding, sparse: torch.Tensor, dense: torch.Tensor, several: bool) -> Candidates:
        """Masks and predicted IoU for encoded prompts, best first."""
        logits, scores = self._model.mask_decoder(
            image_embeddings=embedding.features,
            image_pe=self._model.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=several,
        )
        full = self._model.postprocess_masks(logits, embedding.input_size, embedding.original_size)
        order = scores[0].argsort(descending=True)
        masks = full[0][order] > self._model.mask_threshold
        ranked: FloatMap = scores[0][order].clamp(0, 1).float().cpu().numpy()
        return Candidates(masks.cpu().numpy(), ranked)

    def _points(self, embedding: SamEmbedding, clicks: list[Click]) -> tuple[torch.Tensor, torch.Tensor]:
        """Coordinates (1, N, 2) in the resized picture and labels (1, N): 1 on the object, 0 off it."""
        places = np.array([(click.x, click.y) for click in clicks], np.float32)
        resized = self._resize.apply_coords(places, embedding.original_size).astype(np.float32)
        labels = np.array([int(click.positive) for click in clicks], np.int32)
        return self._tensor(resized)[None], self._tensor(labels)[None]

    def _box(self, embedding: SamEmbedding, box: Box) -> torch.Tensor:
        """A box (1, 4) in the resized picture."""
        corners = np.array([box.xyxy], np.float32)
        return self._tensor(self._resize.apply_boxes(corners, embedding.original_size).astype(np.float32))

    def _mask_input(self, mask: Mask) -> torch.Tensor:
        """A mask (H, W) as logits (1, 1, side, side), resized and padded as the picture is."""
        height, width = self._model.prompt_encoder.mask_input_size
        rows, columns = self._resize.get_preprocess_shape(*mask.shape, max(height, width))
        inside = cv2.resize(mask.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
        coverage = np.zeros((height, width), np.float32)
        coverage[:rows, :columns] = inside
        likely = np.clip(coverage, 1 - _SURE, _SURE)
        return self._tensor(np.log(likely / (1 - likely)))[None, None]

    def _tensor(self, array: np.ndarray[Any, Any]) -> torch.Tensor:
        return torch.as_tensor(array, device=self._model.device)


def load(device: str, checkpoint: Path) -> SamSegmenter:
    """Read a published checkpoint; the size of the model is read off its weights."""
    weights = _read(checkpoint)
    try:
        model = sam_model_registry[_MODEL_OF_WIDTH[weights[_WIDTH_KEY].shape[0]]]()
        model.load_state_dict(weights, strict=True)
    except (KeyError, AttributeError, RuntimeError) as error:
        raise EngineNotReadyError(
            f"{checkpoint} is not a SAM checkpoint (ViT-B, ViT-L or ViT-H): {_first_line(error)}. Delete it and fetch "
            "it again with: tam engines fetch sam-vit-b"
        ) from error
    return SamSegmenter(model.to(resolve_device(device)))


def _read(checkpoint: Path) -> dict[str, torch.Tensor]:
    """The state dict of a file; only tensors are read from it, no code."""
    try:
        weights = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError) as error:
        raise EngineNotReadyError(f"{checkpoint} cannot be read as weights: {_first_line(error)}") from error
    if not isinstance(weights, dict):
        raise EngineNotReadyError(f"{checkpoint} holds a {type(weights).__name__}, not named weights")
    return weights


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _size(pixels: Pixels) -> Size:
    height, width = pixels.shape[:2]
    return height, width
