"""The network on one batch as it will be used: clicked on one frame, carried through the clip, corrected at its end.

Frames and masks may be on a GPU. The person who clicks is simulated on the CPU.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tam_core.models.pocket.cues import (
    Colours,
    Motion,
    box_map,
    carry,
    click_cues,
    click_map,
    colour_likeness,
    track_cues,
)
from tam_core.models.pocket.decoder import Decoded
from tam_core.models.pocket.encoder import Features, pixels_to_tensor
from tam_core.models.pocket.memory import Remembered
from tam_core.models.pocket.network import Pocket
from tam_core.training.batch import Batch
from tam_core.training.clicks import Clicks, Point, first_prompt, loose_box, next_click
from tam_core.training.losses import candidates_loss, overlaps, tracking_loss
from tam_core.types import Mask

RECENT_SHARE = 0.3
"""How fast the colours as last seen follow the object."""


@dataclass(frozen=True)
class Chances:
    """How often, 0..1, a frame comes without flow, a batch without the masks of other objects, a second frame with its
    mask; and how often the first click corrects a mask that is there already. ``rounds``: of clicks, at most.

    ``no_colours``: how often a batch does without its prompted colours, and how often without its recent ones.
    ``drift``: how often it starts from a damaged mask, as after a mistake. ``merged``: how often a damaged mask has
    taken in another object. ``boxed``: how often a correction has a box beside its click.
    """

    no_flow: float = 0.15
    no_others: float = 0.4
    second_prompt: float = 0.2
    prior_first: float = 0.25
    rounds: int = 3
    no_colours: float = 0.0
    drift: float = 0.0
    merged: float = 0.0
    boxed: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """One answer to all rows of a batch: its loss and its mean IoU.

    ``kind`` names it in the log: ``click1``, ``click2`` ..., ``corrected``, ``track``.
    """

    kind: str
    loss: Tensor
    iou: Tensor


def unroll(
    network: Pocket, batch: Batch, rng: np.random.Generator, chances: Chances, distant: bool = False
) -> Iterator[Outcome]:
    """All answers of a batch: click rounds on the first frame, every tracked frame, a correction on the last one.

    ``distant``: the first frame is far from the second, whose mask is where tracking starts.
    """
    frames, rows = batch.frames.shape[:2]
    seen = network.encode(pixels_to_tensor(batch.frames.flatten(0, 1))).split(rows)
    yield from click_rounds(network, seen[0], batch, rng, chances)
    if frames > 1:
        yield from track_frames(network, seen, batch, rng, chances, begin=int(distant))


def click_rounds(
    network: Pocket, features: Features, batch: Batch, rng: np.random.Generator, chances: Chances
) -> Iterator[Outcome]:
    """Clicks on the first frame, each where the last answer was most wrong."""
    target, known = batch.target[0], batch.known[0]
    if rng.random() < chances.prior_first:
        prior = damaged(target, batch.others[0], rng, chances)
        yield correction(network, features, batch, 0, prior, rng, chances)
        return
    said = [first_prompt(mask, rng) for mask in hard(target)]
    prior = torch.zeros_like(target)
    for turn in range(1 + int(rng.integers(chances.rounds))):
        decoded = answer(network, features, batch.small(0), said, prior)
        yield judged(f"click{turn + 1}", decoded, target, known, several=turn == 0)
        prior = best_guess(decoded)
        add_clicks(said, prior, target, known, rng)


def correction(
    network: Pocket,
    features: Features,
    batch: Batch,
    frame: int,
    prior: Tensor,
    rng: np.random.Generator,
    chances: Chances,
) -> Outcome:
    """One click on a mask that is given on a frame, perhaps with a box."""
    target, known = batch.target[frame], batch.known[frame]
    boxed = rng.random() < chances.boxed
    said = [Clicks(box=loose_box(mask, rng) if boxed and mask.any() else None) for mask in hard(target)]
    add_clicks(said, prior, target, known, rng)
    return judged("corrected", answer(network, features, batch.small(frame), said, prior), target, known)


def track_frames(
    network: Pocket, seen: Sequence[Features], batch: Batch, rng: np.random.Generator, chances: Chances, begin: int = 0
) -> Iterator[Outcome]:
    """The masks of frame ``begin`` carried to the last; the first, and perhaps a later one, is prompted."""
    frames = len(seen)
    use_others = float(rng.random() >= chances.no_others)
    again = (
        int(rng.integers(begin + 1, frames)) if rng.random() < chances.second_prompt and frames > begin + 2 else None
    )
    follower = Follower(network, seen, batch, again, begin)
    misled = rng.random() < chances.drift
    if misled:
        follower.start_from(damaged(batch.target[begin], batch.others[begin], rng, chances))
    if begin or (misled and rng.random() < 0.5):
        follower.remember(begin)
    follower.forget_colours(*(rng.random(2) < chances.no_colours))
    for frame in range(begin + 1, frames):
        if frame == again:
            follower.learn_colours(frame, batch.target[frame])
            continue
        decoded = follower.found(frame, float(rng.random() >= chances.no_flow), use_others)
        yield judged("track", decoded, batch.target[frame], batch.known[frame])
        follower.learn_colours(frame, best_guess(decoded))
        if frame < frames - 1:
            follower.remember(frame)
    if frames > 2 and again != frames - 1:
        yield correction(network, seen[-1], batch, frames - 1, follower.mask, rng, chances)


class Follower:
    """The objects of a batch on their way: their last mask (B, 1, h, w), their colours, what is remembered of them."""

    def __init__(
        self, network: Pocket, seen: Sequence[Features], batch: Batch, again: int | None, begin: int = 0
    ) -> None:
        self.network, self.seen, self.batch = network, seen, batch
        self.bins = batch.bins.long()
        self.prompted = [network.remember(seen[t], batch.target[t]) for t in (0, again) if t is not None]
        self.recent = list[Remembered]()
        self.first_colours = Colours.of(self.bins[0], batch.target[0])
        self.use_first = self.use_recent = 1.0
        self.begin = begin
        self.start_from(batch.target[begin])

    def start_from(self, mask: Tensor) -> None:
        """The mask of the frame where tracking begins, right or wrong; what was prompted stays right."""
        self.mask, self.colours = mask, Colours.of(self.bins[self.begin], mask)

    def forget_colours(self, first: bool, recent: bool) -> None:
        """Go without the colours as prompted, or as last seen."""
        self.use_first, self.use_recent = 1.0 - first, 1.0 - recent

    def found(self, frame: int, with_flow: float, use_others: float) -> Decoded:
        """The masks on a frame; a factor of 0 takes away the flow, or what is known of other objects."""
        motion = Motion.between(
            self.batch.small(frame - 1), self.batch.small(frame), with_flow * self.batch.flow[frame]
        )
        carried = with_flow * carry(self.mask, motion.flow)
        others = use_others * with_flow * carry(self.batch.others[frame - 1], motion.flow)
        first = self.use_first * self.first_colours.odds(self.bins[frame])
        recent = self.use_recent * self.colours.odds(self.bins[frame])
        cues = track_cues(carried, others, motion, first, recent)
        readout = self.network.recall(self.seen[frame], [*self.prompted, *self.recent])
        return self.network.decode(self.seen[frame], cues, readout)

    def learn_colours(self, frame: int, mask: Tensor) -> None:
        """The mask of a frame, from which the next one starts."""
        self.mask = mask
        self.colours = self.colours.mixed(Colours.of(self.bins[frame], mask), RECENT_SHARE)

    def remember(self, frame: int) -> None:
        """The last two frames are kept."""
        self.recent = [*self.recent[-1:], self.network.remember(self.seen[frame], self.mask)]


def answer(network: Pocket, features: Features, pictures: Tensor, said: Sequence[Clicks], prior: Tensor) -> Decoded:
    """The masks for what was said about each row, a soft mask (B, 1, h, w) being known before.

    ``pictures`` (B, 3, h, w), 0..1, are what the features were made of.
    """
    maps = [prompt_maps(one, (prior.shape[2], prior.shape[3])) for one in said]
    positive, negative, inside = (torch.stack(rows).to(prior.device) for rows in zip(*maps, strict=True))
    where = [[points(some).to(prior.device) for some in (one.positive, one.negative)] for one in said]
    likened = [network.likened(row.key, *clicked) for row, clicked in zip(features.split(1), where, strict=True)]
    alike = [colour_likeness(row[None], *clicked) for row, clicked in zip(pictures, where, strict=True)]
    cues = click_cues(prior, positive, negative, inside, torch.cat(alike))
    return network.decode(features, cues, torch.cat(likened))


def prompt_maps(said: Clicks, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Maps (1, h, w), 0..1, of positive clicks, of negative clicks, and of the inside of the box."""
    boxes = [said.box] if said.box else []
    return click_map(points(said.positive), size), click_map(points(said.negative), size), box_map(boxes, size)


def points(clicks: Sequence[Point]) -> Tensor:
    """(P, 2) float32."""
    return torch.tensor(clicks, dtype=torch.float32).reshape(-1, 2)


def add_clicks(said: Sequence[Clicks], prior: Tensor, target: Tensor, known: Tensor, rng: np.random.Generator) -> None:
    """One more click for each row where its mask is most wrong."""
    for one, found, true, clear in zip(said, hard(prior), hard(target), hard(known), strict=True):
        next_click(one, found, true, clear, rng)


def hard(soft_b1hw: Tensor) -> Mask:
    """Masks (B, h, w) bool on the CPU."""
    masks: Mask = (soft_b1hw[:, 0] > 0.5).cpu().numpy()
    return masks


def damaged(target: Tensor, others: Tensor, rng: np.random.Generator, chances: Chances) -> Tensor:
    """Masks (B, 1, h, w) as a tracker might get them wrong: moved, thinner or fatter, a piece cut off, another object
    taken in."""
    height, width = target.shape[-2:]
    shift = rng.normal(0, 0.03, 2) * (height, width)
    moved = target.roll((round(shift[0]), round(shift[1])), (2, 3))
    reach = int(rng.integers(0, 4))
    soft = torch.nn.functional.avg_pool2d(moved, 2 * reach + 1, 1, reach)
    kept = torch.ones(height, width, device=target.device)
    y, x = int(rng.integers(height)), int(rng.integers(width))
    kept[y : y + height // 3, x : x + width // 4] = float(rng.random() < 0.3)
    wrong = (soft > rng.uniform(0.2, 0.8)).float() * kept
    return torch.maximum(wrong, others) if rng.random() < chances.merged else wrong


def best_guess(decoded: Decoded) -> Tensor:
    """The first mask (B, 1, h, w), 0..1, from which the next answer starts; no gradient goes back through it."""
    return decoded.logits[:, :1].detach().sigmoid()


def judged(kind: str, decoded: Decoded, target: Tensor, known: Tensor, several: bool = False) -> Outcome:
    """An answer against the truth: its first mask or, where ``several`` may be meant, the best of its candidates."""
    loss = candidates_loss if several else tracking_loss
    values = overlaps(decoded.logits, target, known)
    return Outcome(kind, loss(decoded, target, known), (values.amax(1) if several else values[:, 0]).mean())
