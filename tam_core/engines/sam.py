"""Segment Anything (arXiv 2304.02643) over the ``segment_anything`` package: clicks, a box or a mask -> masks.

Knows how prompts become SAM's inputs. The network, its sizes and its resizing are the package's own.
"""

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
from tam_core.weights import first_line, load_strictly, read_weights

_MODEL_OF_WIDTH = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}
_WIDTH_KEY = "image_encoder.patch_embed.proj.weight"
_SURE = 0.999
"""How sure a mask given by the user is: its logits are +-6.9, inside the range of SAM's own."""
_PRIOR_LIMIT = 10.0
"""The largest logits taken from another engine: SAM was trained on its own, which seldom go further."""


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
    def segment(self, embedding: SamEmbedding, prompts: Sequence[Prompt], prior: FloatMap | None = None) -> Candidates:
        """Three candidates, best first, for a single click; one for prompts that leave no doubt (SAM, section 3)."""
        clicks = [prompt for prompt in prompts if isinstance(prompt, Click)]
        boxes = [prompt for prompt in prompts if isinstance(prompt, Box)]
        masks = [prompt for prompt in prompts if isinstance(prompt, MaskPrompt)]
        if masks and not clicks and not boxes:
            return Candidates(masks[-1].mask[None].copy(), np.ones(1, np.float32))
        before = self._mask_input(masks[-1].mask) if masks else None
        if before is None and prior is not None:
            before = self._prior_input(prior, embedding.original_size)
        if not boxes and not masks and not any(click.positive for click in clicks):
            raise PromptError("only negative clicks: give a positive click on the object, or a box around it")
        sparse, dense = self._model.prompt_encoder(
            points=self._points(embedding, clicks) if clicks else None,
            boxes=self._box(embedding, boxes[-1]) if boxes else None,
            masks=before,
        )
        alone = len(prompts) == 1 and len(clicks) == 1 and before is None
        return self._decode(embedding, sparse, dense, several=alone)

    @torch.inference_mode()
    def segment_points(
        self, embedding: SamEmbedding, points_n2: FloatMap, least_score: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The three masks of each point by itself, as everything-mode asks for them (see ``PointBatcher``)."""
        resized = self._resize.apply_coords(points_n2, embedding.original_size).astype(np.float32)
        labels = torch.ones(len(resized), 1, dtype=torch.int, device=self._model.device)
        sparse, dense = self._model.prompt_encoder(
            points=(self._tensor(resized)[:, None], labels), boxes=None, masks=None
        )
        logits_n3hw, scores_n3 = self._predict(embedding, sparse, dense, several=True)
        good_n3 = scores_n3 > least_score
        good_m1hw = logits_n3hw[good_n3][:, None]
        full = self._model.postprocess_masks(good_m1hw, embedding.input_size, embedding.original_size)
        return full[:, 0], scores_n3[good_n3]

    def _decode(self, embedding: SamEmbedding, sparse: torch.Tensor, dense: torch.Tensor, several: bool) -> Candidates:
        """Masks and predicted IoU for encoded prompts of one object, best first."""
        logits, scores = self._predict(embedding, sparse, dense, several)
        full = self._model.postprocess_masks(logits, embedding.input_size, embedding.original_size)
        order = scores[0].argsort(descending=True)
        masks = full[0][order] > self._model.mask_threshold
        ranked: FloatMap = scores[0][order].clamp(0, 1).float().cpu().numpy()
        return Candidates(masks.cpu().numpy(), ranked)

    def _predict(
        self, embedding: SamEmbedding, sparse: torch.Tensor, dense: torch.Tensor, several: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (N, 1 or 3, side / 4, side / 4) and predicted IoU (N, 1 or 3) for N encoded prompts."""
        logits, scores = self._model.mask_decoder(
            image_embeddings=embedding.features,
            image_pe=self._model.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=several,
        )
        return logits, scores

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
        """A mask (H, W) as logits (1, 1, side / 4, side / 4)."""
        coverage = self._laid_out(mask.astype(np.float32), _size(mask), outside=0)
        likely = np.clip(coverage, 1 - _SURE, _SURE)
        return self._tensor(np.log(likely / (1 - likely)))[None, None]

    def _prior_input(self, prior: FloatMap, size: Size) -> torch.Tensor:
        """Another engine's logits (h, w) for a picture of ``size``, as logits (1, 1, side / 4, side / 4)."""
        limited = np.clip(prior.astype(np.float32), -_PRIOR_LIMIT, _PRIOR_LIMIT)
        return self._tensor(self._laid_out(limited, size, outside=-_PRIOR_LIMIT))[None, None]

    def _laid_out(self, over_picture: FloatMap, size: Size, outside: float) -> FloatMap:
        """A map over a picture of ``size``, resized and padded as SAM does with the picture, at SAM's mask size."""
        height, width = self._model.prompt_encoder.mask_input_size
        rows, columns = self._resize.get_preprocess_shape(*size, max(height, width))
        shrinks = rows < over_picture.shape[0]
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        laid_out: FloatMap = np.full((height, width), outside, np.float32)
        laid_out[:rows, :columns] = cv2.resize(over_picture, (columns, rows), interpolation=method)
        return laid_out

    def _tensor(self, array: np.ndarray[Any, Any]) -> torch.Tensor:
        return torch.as_tensor(array, device=self._model.device)


def load(device: str, checkpoint: Path) -> SamSegmenter:
    """Read a published checkpoint; the size of the model is read off its weights."""
    weights = read_weights(checkpoint)
    try:
        model = sam_model_registry[_MODEL_OF_WIDTH[weights[_WIDTH_KEY].shape[0]]]()
    except KeyError as error:
        raise EngineNotReadyError(
            f"{checkpoint} is not a checkpoint of SAM (ViT-B, ViT-L or ViT-H): {first_line(error)}"
        ) from error
    load_strictly(model, weights, "SAM", checkpoint)
    return SamSegmenter(model.to(resolve_device(device)))


def _size(pixels: Pixels | Mask) -> Size:
    height, width = pixels.shape[:2]
    return height, width
