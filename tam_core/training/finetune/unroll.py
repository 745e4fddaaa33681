"""SAM 2 on one clip as it will be used, with gradients: frames looked at once, prompts heard, objects followed.

Prompted frames come first and are judged by themselves; the others are met in order, in the light of the same memory
bank that the tracker has. A frame that is corrected on the way becomes a prompted one. What is inside the network's
parts is computed again on the way back rather than kept: time is given for memory, of which a laptop has little.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from tam_core import rle
from tam_core.device import fastest_dtype
from tam_core.engines.sam2 import Sam2Tracker
from tam_core.engines.sam2.bank import Bank, Prompted
from tam_core.models.sam2 import Decoded, ImageFeatures, PointPrompt
from tam_core.models.sam2.mask_decoder import RawMasks
from tam_core.training.clicks import Clicks
from tam_core.training.finetune.losses import Losses, judged
from tam_core.training.finetune.person import LOGITS_STEP, as_points, correct, hard, said_first, script
from tam_core.training.masklets import MaskletClip

_LARGEST_PRIOR = 32.0

Result = TypeVar("Result")


class Unrolled:
    """One clip and all its objects, side by side: B rows."""

    def __init__(self, tracker: Sam2Tracker, clip: MaskletClip, rng: np.random.Generator, corrections: int) -> None:
        self.network, self.settings = tracker.network, tracker.settings
        self.rng, self.corrections = rng, corrections
        self.seen = [self._looked_at(tracker.normalised(frame)) for frame in clip.frames]
        self.squares = [torch.cat([tracker.square(mask) for mask in masks]) for masks in clip.masks]
        self.targets = [F.avg_pool2d(square, LOGITS_STEP) for square in self.squares]
        self.banks = [Bank() for _ in clip.masks[0]]
        self.script = script(clip.masks, rng)

    def answers(self) -> Iterator[Losses]:
        """All masks that the network gives, judged: on prompted frames, unless it is told the mask, then on others."""
        for frame in self.script.prompted:
            if self.script.kind == "mask":
                self._adopt(frame)
            else:
                yield from self._ask(frame)
        for frame in range(len(self.seen)):
            if frame not in self.script.prompted:
                yield from self._follow(frame)

    def _adopt(self, frame: int) -> None:
        """A frame whose masks are given."""
        decoded = recomputed(lambda: self.network.adopt(self.seen[frame], self.squares[frame]))
        self._learn(frame, self.squares[frame], decoded, prompted=True)

    def _ask(self, frame: int) -> Iterator[Losses]:
        """A frame on which a click or a box says where each object is, judged without memory, and then corrected."""
        said = said_first(self.script.kind, hard(self.targets[frame], 0.5), self.rng)
        image = self.network.without_memory(self.seen[frame])
        points = as_points(said, self.network.device)
        raw = self._decoded(frame, image, points, None, several=points.labels.shape[1] == 1)
        yield judged(raw, self.targets[frame])
        decoded = yield from self._corrected(frame, image, said, self.network.settle(raw))
        self._learn(frame, probabilities(decoded), decoded, prompted=True)

    def _follow(self, frame: int) -> Iterator[Losses]:
        """A frame on which the objects are found by memory, and perhaps corrected."""
        image = self._remembering(frame)
        raw = self._decoded(frame, image, None, None, several=True)
        yield judged(raw, self.targets[frame])
        decoded, corrected = self.network.settle(raw), frame in self.script.corrected
        if corrected:
            decoded = yield from self._corrected(frame, image, [Clicks() for _ in self.banks], decoded)
        self._learn(frame, probabilities(decoded), decoded, corrected)

    def _corrected(
        self, frame: int, image: Tensor, said: Sequence[Clicks], decoded: Decoded
    ) -> Generator[Losses, None, Decoded]:
        """Rounds of clicks, each where the last answer was most wrong; gives the last one."""
        target = hard(self.targets[frame], 0.5)
        for _ in range(self.corrections):
            correct(said, hard(decoded.logits, 0), target, self.rng)
            prior = decoded.logits.detach().clamp(-_LARGEST_PRIOR, _LARGEST_PRIOR)
            raw = self._decoded(frame, image, as_points(said, self.network.device), prior, several=False)
            yield judged(raw, self.targets[frame])
            decoded = self.network.settle(raw)
        return decoded

    def _looked_at(self, pixels_1chw: Tensor) -> ImageFeatures:
        """An encoder that does not learn keeps nothing for the way back anyway."""
        learns = any(weight.requires_grad for weight in self.network.image_encoder.parameters())
        with self._fast_numbers():
            if learns:
                return recomputed(lambda: self.network.encode_image(pixels_1chw))
            return self.network.encode_image(pixels_1chw)

    def _remembering(self, frame: int) -> Tensor:
        """The frame (B, C, h, w) in the light of each object's memory."""
        span = min(self.settings.max_object_pointers, len(self.seen)) - 1
        recalled = [
            self.network.recall(
                bank.memories_for(frame, self.settings), bank.pointers_for(frame, True, self.settings), span
            )
            for bank in self.banks
        ]
        memory = torch.stack([tokens for tokens, _, _ in recalled])
        positions = torch.stack([places for _, places, _ in recalled])
        _, _, pointer_tokens = recalled[0]
        with self._fast_numbers():
            return recomputed(lambda: self.network.with_memory(self.seen[frame], memory, positions, pointer_tokens))

    def _decoded(
        self, frame: int, image: Tensor, points: PointPrompt | None, prior: Tensor | None, several: bool
    ) -> RawMasks:
        """In full numbers, as in the tracker."""
        return recomputed(lambda: self.network.decode(image, self.seen[frame], points, prior, several))

    def _learn(self, frame: int, masks_b1hw: Tensor, decoded: Decoded, prompted: bool) -> None:
        """Every object's memory and pointer of a frame, into its bank."""
        with self._fast_numbers():
            memories = recomputed(lambda: self.network.remember(self.seen[frame], masks_b1hw, decoded.presence))
        found = hard(decoded.logits, 0)
        for row, (bank, memory) in enumerate(zip(self.banks, memories, strict=True)):
            bank.forget_before(frame, self.settings)
            if prompted:
                bank.prompted[frame] = Prompted(rle.encode(found[row]), memory, decoded.pointers[row])
            else:
                bank.add(frame, memory, decoded.pointers[row])

    def _fast_numbers(self) -> torch.autocast:
        """bfloat16 where the processor multiplies it natively; weights and their gradients stay float32."""
        kind = self.network.device.type
        return torch.autocast(kind, torch.bfloat16, enabled=fastest_dtype(kind) == torch.bfloat16)


def probabilities(decoded: Decoded) -> Tensor:
    """Masks (B, 1, H, W), 0..1, at the size of the network's picture."""
    return F.interpolate(decoded.logits, scale_factor=LOGITS_STEP, mode="bilinear").sigmoid()


def recomputed(function: Callable[[], Result]) -> Result:
    """What the function gives; its inside is computed a second time when gradients are asked for, and not kept."""
    result: Result = checkpoint(function, use_reentrant=False, preserve_rng_state=False)
    return result
