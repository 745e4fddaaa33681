"""SAM 2 on one picture: clicks, a box, a mask -> masks. Knows how pictures and prompts become the network's inputs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tam_core.engines.base import Candidates
from tam_core.engines.sam2.settings import Sam2Settings
from tam_core.errors import PromptError
from tam_core.models.sam2 import ImageFeatures, PointPrompt, Sam2
from tam_core.models.sam2.prompt_encoder import BOTTOM_RIGHT, NEGATIVE, POSITIVE, TOP_LEFT
from tam_core.prompts import Box, Click, MaskPrompt, Prompt
from tam_core.types import FloatMap, Mask, Pixels, Size

_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
_SURE_LOGIT = 10.0
_LARGEST_PRIOR = 32.0


@dataclass(frozen=True)
class Sam2Embedding:
    """A picture as SAM 2 sees it, and its size (height, width) in pixels."""

    features: ImageFeatures = field(repr=False)
    size: Size


class Sam2Segmenter:
    """A loaded SAM 2. Holds weights only: the picture is in the embedding, the user's words are in the prompts."""

    def __init__(self, network: Sam2, settings: Sam2Settings | None = None) -> None:
        self.network = network.eval()
        self.settings = settings or Sam2Settings()

    @torch.inference_mode()
    def embed(self, pixels: Pixels) -> Sam2Embedding:
        """Run the image encoder on (H, W, 3) RGB, once per picture."""
        height, width = pixels.shape[:2]
        return Sam2Embedding(self.network.encode_image(self.normalised(pixels)), (height, width))

    @torch.inference_mode()
    def segment(self, embedding: Sam2Embedding, prompts: Sequence[Prompt], prior: FloatMap | None = None) -> Candidates:
        """Three candidates, best first, for a single click; one for prompts that leave no doubt (SAM, section 3)."""
        masks = [prompt for prompt in prompts if isinstance(prompt, MaskPrompt)]
        if masks and len(masks) == len(prompts):
            return Candidates(masks[-1].mask[None].copy(), np.ones(1, np.float32))
        points = self.points(embedding.size, prompts)
        if points is None or not (points.labels.ne(NEGATIVE).any() or masks or prior is not None):
            raise PromptError("only negative clicks: give a positive click on the object, or a box around it")
        logits = self._mask_input(masks[-1].mask) if masks else None
        if prior is not None:
            logits = self._prior(prior)
        several = points.labels.shape[1] == 1 and logits is None
        features = embedding.features
        raw = self.network.decode(self.network.without_memory(features), features, points, logits, several)
        order = raw.ious[0].argsort(descending=True)
        ranked: FloatMap = raw.ious[0][order].cpu().numpy()
        return Candidates(self._enlarged(raw.logits[:, order], embedding.size).cpu().numpy()[0] > 0, ranked)

    @torch.inference_mode()
    def segment_points(
        self, embedding: Sam2Embedding, points_n2: FloatMap, least_score: float
    ) -> tuple[Tensor, Tensor]:
        """The three masks of each point by itself, as everything-mode asks for them (see ``PointBatcher``)."""
        clicks = torch.from_numpy(points_n2)[:, None] * self._scale(embedding.size)
        points = PointPrompt(
            clicks.to(self.network.device), torch.full((len(clicks), 1), POSITIVE).to(self.network.device)
        )
        image = self.network.without_memory(embedding.features)
        raw = self.network.decode(image, embedding.features, points, None, several=True)
        good = raw.ious > least_score
        return self._enlarged(raw.logits[good][None], embedding.size)[0], raw.ious[good]

    def normalised(self, pixels: Pixels) -> Tensor:
        """(1, 3, S, S), each channel of mean 0 and variance 1 over natural pictures."""
        side = self.settings.image_size
        shrinking = min(pixels.shape[:2]) > side
        square = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
        picture = torch.from_numpy(square).to(self.network.device).float() / 255
        picture = (picture - torch.tensor(_MEAN, device=picture.device)) / torch.tensor(_STD, device=picture.device)
        return picture.permute(2, 0, 1)[None].to(self.network.dtype)

    def points(self, size: Size, prompts: Sequence[Prompt]) -> PointPrompt | None:
        """The last box as two corners, then the clicks, in pixels of the network's picture; None without either."""
        boxes = [prompt.xyxy for prompt in prompts if isinstance(prompt, Box)][-1:]
        places = [point for box in boxes for point in (box[:2], box[2:])]
        labels = [label for _ in boxes for label in (TOP_LEFT, BOTTOM_RIGHT)]
        for prompt in prompts:
            if isinstance(prompt, Click):
                places.append((prompt.x, prompt.y))
                labels.append(POSITIVE if prompt.positive else NEGATIVE)
        if not places:
            return None
        device = self.network.device
        points = torch.tensor([places]) * self._scale(size)
        return PointPrompt(points.to(device), torch.tensor([labels], device=device))

    def _scale(self, size: Size) -> Tensor:
        """From source pixels (x, y) to pixels of the network's picture."""
        height, width = size
        return torch.tensor([self.settings.image_size / width, self.settings.image_size / height])

    def square(self, mask: Mask) -> Tensor:
        """A mask (H, W) as the network's (1, 1, S, S) float32, 0 or 1."""
        whole = torch.from_numpy(mask).to(self.network.device)[None, None].float()
        side = self.settings.image_size
        return (F.interpolate(whole, (side, side), mode="bilinear", antialias=True) >= 0.5).float()

    def _mask_input(self, mask: Mask) -> Tensor:
        """A mask (H, W) as logits (1, 1, S / 4, S / 4)."""
        coverage = F.interpolate(self.square(mask), scale_factor=0.25, mode="bilinear", antialias=True)
        return (2 * coverage - 1) * _SURE_LOGIT

    def _prior(self, logits: FloatMap) -> Tensor:
        """Logits (h, w) over the whole picture as (1, 1, S / 4, S / 4)."""
        side = self.settings.image_size // 4
        whole = torch.from_numpy(logits).to(self.network.device)[None, None].float()
        resized = F.interpolate(whole, (side, side), mode="bilinear", antialias=True)
        return resized.clamp(-_LARGEST_PRIOR, _LARGEST_PRIOR)

    def _enlarged(self, logits_bnhw: Tensor, size: Size) -> Tensor:
        """Logits at the size of the source (height, width)."""
        return F.interpolate(logits_bnhw, size, mode="bilinear")
