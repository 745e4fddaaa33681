"""Pocket on one picture: clicks, a box, a mask to correct -> masks. Cues are made on the CPU, wherever the net is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor

from tam_core.engines.base import Candidates
from tam_core.engines.pocket.edges import sharpened
from tam_core.engines.pocket.parts import only_clicked
from tam_core.engines.pocket.settings import PocketSettings
from tam_core.engines.pocket.view import STRIDE, View, look, scaling
from tam_core.errors import PromptError
from tam_core.geometry import Scale, fit_long_side
from tam_core.models.pocket.cues import box_map, click_cues, click_map, colour_likeness
from tam_core.models.pocket.decoder import Decoded
from tam_core.models.pocket.encoder import Features, pixels_to_tensor
from tam_core.models.pocket.network import Pocket
from tam_core.prompts import Box, Click, MaskPrompt, Prompt
from tam_core.types import FloatMap, Mask, Pixels

Name = TypeVar("Name")


@dataclass(frozen=True)
class PocketEmbedding:
    """A picture (H, W, 3), what the network sees of it, and what it makes of that."""

    pixels: Pixels = field(repr=False)
    scale: Scale
    view: View = field(repr=False)
    features: Features = field(repr=False)


class PocketSegmenter:
    """A loaded network. Holds weights only: the picture is in the embedding, the user's words are in the prompts."""

    def __init__(self, network: Pocket, settings: PocketSettings | None = None) -> None:
        self.network = network.eval()
        self.settings = settings or PocketSettings()

    @torch.inference_mode()
    def embed(self, pixels: Pixels) -> PocketEmbedding:
        """Run the image encoder on (H, W, 3) RGB, once per picture."""
        scale = fit_long_side((pixels.shape[0], pixels.shape[1]), self.settings.long_side, STRIDE, enlarge=True)
        view = look(pixels, scale.working)
        return PocketEmbedding(pixels, scale, view, self.encode(view))

    @torch.inference_mode()
    def segment(
        self, embedding: PocketEmbedding, prompts: Sequence[Prompt], prior: FloatMap | None = None
    ) -> Candidates:
        """Three candidates, best first, for a single click; one for prompts that leave no doubt (SAM, section 3)."""
        masks = [prompt.mask for prompt in prompts if isinstance(prompt, MaskPrompt)]
        if masks and len(masks) == len(prompts):
            return Candidates(masks[-1][None].copy(), np.ones(1, np.float32))
        boxes = [prompt for prompt in prompts if isinstance(prompt, Box)][-1:]
        clicks = [prompt for prompt in prompts if isinstance(prompt, Click)]
        before = halved(masks[-1], embedding.view) if masks else resized_prior(prior, embedding.view)
        if before is None and not boxes and not any(click.positive for click in clicks):
            raise PromptError("only negative clicks: give a positive click on the object, or a box around it")
        if before is None:
            return self._from_nothing(embedding, clicks, boxes)
        return self._ranked(embedding, self._answer(embedding, clicks, boxes, before), several=False)

    def _from_nothing(self, embedding: PocketEmbedding, clicks: Sequence[Click], boxes: Sequence[Box]) -> Candidates:
        """The clicks one after the other, each correcting the mask that the ones before it gave; then a last look.

        A lone click may mean several things: its candidates are what they are.
        """
        if boxes:
            return self._boxed(embedding, clicks, boxes)
        clicks = beginning_positive(clicks)
        decoded = self._meant(embedding, clicks[:1], torch.zeros(1, 1, *embedding.view.half_size))
        if len(clicks) == 1:
            return self._ranked(embedding, decoded, several=True)
        best = int(decoded.quality[0].argmax())
        for count in [*range(2, len(clicks) + 1), len(clicks)]:
            decoded = self._meant(embedding, clicks[:count], decoded.logits[:, best : best + 1].sigmoid())
            best = 0
        return self._ranked(embedding, decoded, several=False)

    def _boxed(self, embedding: PocketEmbedding, clicks: Sequence[Click], boxes: Sequence[Box]) -> Candidates:
        """A box is looked at twice, too, and has as many parts as it wants."""
        soft = torch.zeros(1, 1, *embedding.view.half_size)
        for count in [*range(len(clicks) + 1), len(clicks)]:
            decoded = self._answer(embedding, clicks[:count], boxes, soft)
            soft = decoded.logits[:, :1].sigmoid()
        return self._ranked(embedding, decoded, several=False)

    def _meant(self, embedding: PocketEmbedding, clicks: Sequence[Click], before: Tensor) -> Decoded:
        """The answer to clicks, without parts that none of them means."""
        decoded = self._answer(embedding, clicks, [], before)
        points = self._points(embedding, [click for click in clicks if click.positive])
        return replace(decoded, logits=only_clicked(decoded.logits, points))

    def _answer(
        self, embedding: PocketEmbedding, clicks: Sequence[Click], boxes: Sequence[Box], before: Tensor
    ) -> Decoded:
        """One pass through the decoder, ``before`` (1, 1, h, w) being the mask so far."""
        size = embedding.view.half_size
        positive = self._points(embedding, [click for click in clicks if click.positive])
        negative = self._points(embedding, [click for click in clicks if not click.positive])
        inside = box_map([halved_box(embedding.scale, box) for box in boxes], size)
        on, off = click_map(positive, size)[None], click_map(negative, size)[None]
        alike = colour_likeness(embedding.view.half_tensor, positive, negative)
        cues = click_cues(before, on, off, inside[None], alike)
        return self.decode(embedding.features, cues, self.network.likened(embedding.features.key, positive, negative))

    def _points(self, embedding: PocketEmbedding, clicks: Sequence[Click]) -> Tensor:
        """(P, 2) as (x, y) in half-size pixels from the corner of the picture."""
        places = [embedding.scale.point(click.x, click.y) for click in clicks]
        return (torch.tensor(places, dtype=torch.float32).reshape(-1, 2) + 0.5) / 2

    def _ranked(self, embedding: PocketEmbedding, decoded: Decoded, several: bool) -> Candidates:
        quality = decoded.quality[0].sigmoid()
        order = quality.argsort(descending=True).tolist() if several else [0]
        soft = {index: decoded.logits[:, index : index + 1].sigmoid() for index in order}
        masks = self.enlarged(soft, embedding.pixels, embedding.view)
        return Candidates(np.stack([masks[index] for index in order]), quality[order].numpy())

    def encode(self, view: View) -> Features:
        """The features of a picture."""
        return self.network.encode(self._cast(pixels_to_tensor(torch.from_numpy(view.pixels)[None])))

    def values(self, features: Features, softs: Mapping[Name, Tensor]) -> dict[Name, Tensor]:
        """What to remember (1, Cv + 2, L) of each soft mask (1, 1, h, w) on a frame."""
        if not softs:
            return {}
        value = self.network.remember(features, self._cast(torch.cat(list(softs.values())))).value
        return dict(zip(softs, value.chunk(len(softs)), strict=True))

    def decode(self, features: Features, cues: Tensor, readout: Tensor) -> Decoded:
        """Masks and scores for rows of cues, on the CPU."""
        decoded = self.network.decode(features, self._cast(cues), readout)
        return Decoded(decoded.logits.cpu(), decoded.quality.cpu(), decoded.visible.cpu())

    def enlarged(self, soft: Mapping[Name, Tensor], pixels: Pixels, view: View) -> dict[Name, Mask]:
        """Soft masks (1, 1, h, w) as masks at source size (H, W)."""
        if not soft:
            return {}
        guide = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        return {name: sharpened(one[0, 0].numpy(), view.half, guide) for name, one in soft.items()}

    def _cast(self, x: Tensor) -> Tensor:
        """As the network wants it."""
        like = self.network.temperature
        return x.to(like.device, like.dtype).contiguous(memory_format=torch.channels_last)


def beginning_positive(clicks: Sequence[Click]) -> list[Click]:
    """The clicks in the order of clicking, but that the first one is on the object."""
    first = next(index for index, click in enumerate(clicks) if click.positive)
    return [clicks[first], *clicks[:first], *clicks[first + 1 :]]


def halved(mask: Mask, view: View) -> Tensor:
    """The share of each half-size pixel that a mask (H, W) covers: (1, 1, h, w)."""
    how = scaling(mask.shape, view.half_size)
    share = cv2.resize(mask.astype(np.float32), view.half_size[::-1], interpolation=how)
    return torch.from_numpy(share)[None, None]


def resized_prior(prior: FloatMap | None, view: View) -> Tensor | None:
    """Logits (h, w) of any size as a soft mask (1, 1, h, w)."""
    if prior is None:
        return None
    return torch.from_numpy(cv2.resize(prior, view.half_size[::-1], interpolation=cv2.INTER_LINEAR)).sigmoid()[
        None, None
    ]


def halved_box(scale: Scale, box: Box) -> tuple[float, float, float, float]:
    """A box in half-size pixels."""
    x0, y0, x1, y1 = scale.box(box.xyxy)
    return x0 / 2, y0 / 2, x1 / 2, y1 / 2
