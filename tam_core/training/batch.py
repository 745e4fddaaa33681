"""Batches: clips with one target object each, and everything that the cues need, ready for the network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from tam_core.engines.pocket.view import View, flow_between, look
from tam_core.training.clip import Clip, ClipMix
from tam_core.training.library import UNKNOWN
from tam_core.types import FloatMap, Mask, Size


@dataclass(frozen=True)
class BatchPlan:
    """How batches are made: ``batch`` clips of a ``mix``, ``length`` frames at ``size`` (H, W), sides multiples of 32.

    Making a clip costs more than learning from it, so a ``pool`` of fresh clips serves several batches, until each has
    been used about ``reuse`` times: with another of its objects, mirrored. In ``distant`` ones the first frame of a
    video lies anywhere in it: what follows is a tracker long under way, not the beginning.
    """

    size: Size
    length: int
    batch: int
    mix: ClipMix
    reuse: int = 2
    pool: int = 32
    distant: bool = False

    @property
    def steps_per_pool(self) -> int:
        """Batches that one pool serves."""
        return max(1, self.pool * self.reuse // self.batch)


@dataclass(frozen=True)
class Batch:
    """T frames of B clips; everything but ``frames`` at half size (h, w).

    ``frames`` (T, B, H, W, 3) uint8; ``half`` (T, B, h, w, 3) uint8; ``target`` and ``others`` (T, B, 1, h, w), 0..1,
    the share of each pixel that the object, or any other object, covers; ``known`` (T, B, 1, h, w), 0 or 1;
    ``flow`` (T, B, 2, h, w), back to the frame before; ``bins`` (T, B, h, w) int16.
    """

    frames: Tensor = field(repr=False)
    half: Tensor = field(repr=False)
    target: Tensor = field(repr=False)
    others: Tensor = field(repr=False)
    known: Tensor = field(repr=False)
    flow: Tensor = field(repr=False)
    bins: Tensor = field(repr=False)

    def each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        """The same done to every tensor."""
        return Batch(*(change(getattr(self, one.name)) for one in fields(self)))

    def small(self, frame: int) -> Tensor:
        """A frame at half size (B, 3, h, w) float32, 0..1."""
        return self.half[frame].permute(0, 3, 1, 2).float() / 255

    def to(self, device: str) -> "Batch":
        """On another device; from pinned memory the copy goes on beside the work."""
        return self.each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> "Batch":
        """In memory that a GPU reads by itself; a DataLoader calls it by this name."""
        return self.each(lambda tensor: tensor.pin_memory())


def joined(batches: Sequence[Batch], join: Callable[[list[Tensor]], Tensor]) -> Batch:
    """Several batches as one, tensor by tensor."""
    return Batch(*(join([getattr(batch, one.name) for batch in batches]) for one in fields(Batch)))


@dataclass(frozen=True)
class Look:
    """A clip with the views of its frames and the flow (T, 2, h, w) back to the frame before each."""

    clip: Clip
    views: Sequence[View] = field(repr=False)
    flow: FloatMap = field(repr=False)


def looked_at(clip: Clip) -> Look:
    """Views and flow of a clip; the first frame has no frame before it, and no motion."""
    size = (clip.frames.shape[1], clip.frames.shape[2])
    views = [look(frame, size) for frame in clip.frames]
    flows = [flow_between(before, now) for before, now in pairwise(views)]
    still = np.zeros((2, *views[0].bins.shape), np.float32)
    return Look(clip, views, np.stack([still, *flows]))


def draw_batch(pool: Sequence[Look], count: int, rng: np.random.Generator) -> Batch:
    """``count`` clips of a pool, none twice while there are enough, each with one of its objects."""
    chosen = rng.choice(len(pool), count, replace=len(pool) < count)
    return joined([sample(pool[index], rng) for index in chosen], lambda tensors: torch.cat(tensors, 1))


def sample(seen: Look, rng: np.random.Generator) -> Batch:
    """One clip with one of its objects as the target, as a batch of one; mirrored half of the time."""
    target = int(rng.choice(seen.clip.objects))
    masks = seen.clip.masks
    other = (masks != 0) & (masks != UNKNOWN) & (masks != target)
    batch = Batch(
        frames=torch.from_numpy(seen.clip.frames)[:, None],
        half=torch.from_numpy(np.stack([view.half for view in seen.views]))[:, None],
        target=halved(masks == target),
        others=halved(other),
        known=(halved(masks == UNKNOWN) == 0).float(),
        flow=torch.from_numpy(seen.flow)[:, None],
        bins=torch.from_numpy(np.stack([view.bins for view in seen.views]))[:, None],
    )
    return mirrored(batch) if rng.random() < 0.5 else batch


def halved(masks_thw: Mask) -> Tensor:
    """The share of each half-size pixel that a mask (T, H, W) covers: (T, 1, 1, h, w)."""
    return torch.nn.functional.avg_pool2d(torch.from_numpy(masks_thw).float()[:, None], 2)[:, None]


def mirrored(batch: Batch) -> Batch:
    """Left and right swapped, in the pictures and in the direction of the flow."""
    turned = torch.tensor([-1.0, 1.0])[:, None, None]
    return Batch(
        frames=batch.frames.flip(3),
        half=batch.half.flip(3),
        target=batch.target.flip(4),
        others=batch.others.flip(4),
        known=batch.known.flip(4),
        flow=batch.flow.flip(4) * turned,
        bins=batch.bins.flip(3),
    )
