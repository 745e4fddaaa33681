"""Words -> masks: CLIP (arXiv 2103.00020, over ``transformers``) says which object of everything-mode they describe.

Knows how an object is shown to CLIP and how text and picture are compared; the networks are the package's own.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from tam_core.device import resolve_device
from tam_core.engines.base import Candidates
from tam_core.engines.everything import FoundObject
from tam_core.errors import EngineNotReadyError, PromptError
from tam_core.types import XYXY, FloatMap, Mask, Pixels
from tam_core.weights import first_line, load_strictly, read_weights

_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
_DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
"""Of the colours, 0..1, of the pictures that CLIP learned from."""
_SHOWN = 0.25
"""How much of the surroundings is seen through the grey: enough to know where the object is, not enough to be it."""
_ROOM = 0.1
"""Surroundings on each side of an object, in its longer side."""
_CROPS_AT_ONCE = 32
_KEPT = 3


class TextScorer(Protocol):
    """Compares words with the objects of a picture."""

    def score(self, pixels: Pixels, objects: Sequence[FoundObject], text: str) -> FloatMap:
        """How well the text describes each of N objects on (H, W, 3) RGB: (N,) cosine similarities, -1..1."""
        ...


class ClipScorer:
    """A loaded CLIP and its tokenizer, a ``tokenizers.Tokenizer``."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._side: int = model.config.vision_config.image_size
        tokenizer.enable_truncation(model.config.text_config.max_position_embeddings)

    @torch.inference_mode()
    def score(self, pixels: Pixels, objects: Sequence[FoundObject], text: str) -> FloatMap:
        """Cosine similarities (N,) of the text and each object by itself, its surroundings dimmed."""
        crops = [show(pixels, one.mask, one.box, self._side) for one in objects]
        batches = [crops[start : start + _CROPS_AT_ONCE] for start in range(0, len(crops), _CROPS_AT_ONCE)]
        pictures_nc = torch.cat([self._see(np.stack(batch)) for batch in batches])
        similar: FloatMap = (pictures_nc @ self._read(text)).float().cpu().numpy()
        return similar

    def _see(self, crops_nhw3: Pixels) -> torch.Tensor:
        """Unit vectors (N, C) of pictures."""
        scaled = (crops_nhw3.astype(np.float32) / 255 - _MEAN) / _DEVIATION
        batch = torch.from_numpy(scaled).permute(0, 3, 1, 2).to(self._model.device)
        pooled = self._model.vision_model(pixel_values=batch).pooler_output
        return F.normalize(self._model.visual_projection(pooled), dim=-1)

    def _read(self, text: str) -> torch.Tensor:
        """The unit vector (C,) of a text, in the sentence that CLIP was tested with (CLIP, section 3.1.4)."""
        words = self._tokenizer.encode(f"a photo of {text.strip()}").ids
        pooled = self._model.text_model(input_ids=torch.tensor([words], device=self._model.device)).pooler_output
        return F.normalize(self._model.text_projection(pooled), dim=-1)[0]


def find_by_text(scorer: TextScorer, pixels: Pixels, objects: Sequence[FoundObject], text: str) -> Candidates:
    """The up to three objects that the text describes best, best first; scores are the similarities, at least 0.

    Raises PromptError when there is nothing to choose from.
    """
    if not objects:
        raise PromptError(f"nothing on this frame looks like an object, so '{text}' was not found: click on it instead")
    similar = scorer.score(pixels, objects, text)
    best = np.argsort(-similar, kind="stable")[:_KEPT]
    masks = np.stack([objects[index].mask for index in best])
    return Candidates(masks, np.clip(similar[best], 0, 1).astype(np.float32))


def show(pixels: Pixels, mask: Mask, box: XYXY, side: int) -> Pixels:
    """A square picture (side, side, 3) of what is in the mask, all else greyed, and grey where the picture ends."""
    grey = np.round(255 * _MEAN)
    dimmed = np.where(mask[..., None], pixels, _SHOWN * pixels + (1 - _SHOWN) * grey).astype(np.uint8)
    x0, y0, x1, y1 = box
    reach = max(x1 - x0, y1 - y0) * (0.5 + _ROOM)
    scale, left, top = side / (2 * reach), (x0 + x1) / 2 - reach, (y0 + y1) / 2 - reach
    move = np.array([[scale, 0, (0.5 - left) * scale - 0.5], [0, scale, (0.5 - top) * scale - 0.5]])
    if scale < 1:  # warping takes single pixels, so fine patterns are smoothed first
        dimmed = cv2.GaussianBlur(dimmed, (0, 0), 0.5 / scale)
    shown: Pixels = cv2.warpAffine(dimmed, move, (side, side), flags=cv2.INTER_LINEAR, borderValue=grey.tolist())
    return shown


def load(device: str, checkpoint: Path) -> ClipScorer:
    """Read CLIP from the folder of its files: config.json, tokenizer.json, model.safetensors."""
    from tokenizers import Tokenizer
    from transformers import CLIPConfig, CLIPModel

    try:
        model: Any = CLIPModel(CLIPConfig.from_json_file(checkpoint / "config.json"))
    except (OSError, ValueError) as error:
        raise EngineNotReadyError(f"{checkpoint} does not hold a CLIP: {first_line(error)}") from error
    weights = read_weights(checkpoint / "model.safetensors")
    counted = {name: weight for name, weight in weights.items() if not name.endswith("position_ids")}  # 0, 1, 2, ...
    load_strictly(model, counted, "CLIP", checkpoint)
    return ClipScorer(model.to(resolve_device(device)), Tokenizer.from_file(str(checkpoint / "tokenizer.json")))
