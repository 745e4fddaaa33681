"""The pocket tracker: a picture is looked at once, and objects are rows of one pass through the decoder."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

import torch
from torch import Tensor

from tam_core import rle
from tam_core.engines.base import FrameMasks
from tam_core.engines.pocket.bank import Bank, MemoryFrame
from tam_core.engines.pocket.segmenter import PocketSegmenter, halved
from tam_core.engines.pocket.state import Anchor, PocketState, Prediction, Prefetched, Sight, Target
from tam_core.engines.pocket.verdict import Verdict, settled
from tam_core.engines.pocket.view import STRIDE, View, flow_between, look
from tam_core.errors import PromptError, RequestError
from tam_core.geometry import fit_long_side
from tam_core.models.pocket.cues import Colours, Motion, carry, track_cues
from tam_core.prompts import MaskPrompt, Prompt
from tam_core.types import Mask, ObjectId
from tam_core.video.source import Frame, VideoInfo

Soft = Mapping[ObjectId, Tensor]
"""Soft masks (1, 1, h, w), 0..1."""


class PocketTracker(PocketSegmenter):
    """A Tracker and a Segmenter (see tam_core.engines.base) over one network."""

    def start(self, info: VideoInfo) -> PocketState:
        """An empty state."""
        scale = fit_long_side(info.size, self.settings.long_side, STRIDE, enlarge=True)
        return PocketState(scale, Bank(self.settings), torch.get_num_threads())

    @torch.inference_mode()
    def condition(self, state: PocketState, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        """Remember the prompted objects on this frame for good."""
        masks: dict[ObjectId, Mask] = {}
        for prompt in prompts:
            if not isinstance(prompt, MaskPrompt):
                raise PromptError(f"the pocket tracker takes masks, not a {type(prompt).__name__}: segment it first")
            masks[prompt.object_id] = prompt.mask
        view = look(frame.pixels, state.scale.working)
        features = self.encode(view)
        memory = state.bank.prompted.setdefault(frame.index, MemoryFrame(features.key.flatten(2)))
        softs = {object_id: halved(mask, view) for object_id, mask in masks.items()}
        memory.values.update(self.values(features, softs))
        for object_id, soft in softs.items():
            target = state.targets.setdefault(object_id, Target())
            anchor = Anchor(rle.encode(masks[object_id]), Colours.of(view.bin_tensor, soft))
            target.anchors[frame.index] = anchor
        return FrameMasks(frame.index, masks, dict.fromkeys(masks, 1.0))

    def step(self, state: PocketState, frame: Frame) -> FrameMasks:
        """Carry every object that has appeared to this frame, and learn from it."""
        found = self.predict(state, frame)
        self.remember(state, found)
        return found

    @torch.inference_mode()
    def predict(self, state: PocketState, frame: Frame) -> FrameMasks:
        """Every object that has appeared on this frame, as the memory has it."""
        with own_threads(state):
            sight = self._see(frame, state, state.last)
            anchors = {object_id: target.anchors.get(frame.index) for object_id, target in state.targets.items()}
            given = {object_id: anchor.mask.decode() for object_id, anchor in anchors.items() if anchor}
            carried = {
                object_id: carry(target.soft, sight.motion.flow)
                for object_id, target in state.targets.items()
                if target.soft is not None
            }
            followed = [object_id for object_id in carried if object_id not in given]
            gone = [object_id for object_id in followed if not state.targets[object_id].there]
            verdict = self._decide(state, sight, carried, followed, gone)
            masks = self.enlarged(verdict.soft, frame.pixels, sight.view)
            scores = verdict.scores | dict.fromkeys(given, 1.0)
            found = FrameMasks(frame.index, without(masks, given) | given, scores, verdict.logits)
            state.predicted = Prediction(sight, carried, verdict.soft, found)
            return found

    @torch.inference_mode()
    def remember(self, state: PocketState, found: FrameMasks) -> None:
        """Go on to the frame predicted last. An object left out is carried there by the motion and learns nothing."""
        predicted = state.predicted
        if predicted is None or predicted.found.frame != found.frame:
            raise RequestError(f"frame {found.frame} cannot be remembered: predict it first")
        with own_threads(state):
            targets, bank = state.targets, state.bank
            kept = [object_id for object_id in predicted.found.masks if object_id in found.masks]
            taught = [object_id for object_id in kept if self._learn(targets[object_id], object_id, found, predicted)]
            softs = {object_id: soft for object_id in kept if (soft := targets[object_id].soft) is not None}
            memory = MemoryFrame(predicted.sight.key, self.values(predicted.sight.features, softs))
            for object_id in kept:
                if found.frame in targets[object_id].anchors:
                    bank.taught.pop(object_id, None)
            for object_id in taught:
                bank.teach(object_id, memory)
            for object_id in predicted.found.masks.keys() - kept:
                targets[object_id].soft = predicted.carried.get(object_id, targets[object_id].soft)
            bank.keep(memory)
            state.last, state.predicted = predicted.sight.view, None

    @torch.inference_mode()
    def search(self, state: PocketState, frame: Frame) -> FrameMasks:
        """Every remembered object anywhere on this frame, by its looks."""
        sight = self._see(frame, state, None)
        nowhere = torch.zeros(1, 1, *sight.view.half_size)
        objects = list(state.targets)
        verdict = self._decide(state, sight, dict.fromkeys(objects, nowhere), objects)
        masks = self.enlarged(verdict.soft, frame.pixels, sight.view)
        return FrameMasks(frame.index, masks, verdict.scores, verdict.logits)

    @torch.inference_mode()
    def prefetch(self, state: PocketState, frame: Frame) -> None:
        """Look at the next frame while the one before it is worked on, each with half of the processor's threads.

        With one object that is about the same work; with more, the frame before it is better done with all threads.
        """
        if state.threads < 2 or len(state.targets) != 1 or self.network.temperature.device.type != "cpu":
            return
        with threads(state.threads // 2, state.threads):
            earlier = list(state.prefetched.values())[-1:]
            before = earlier[0].sight if earlier else None
            sight = self._seen(frame, state, before.view if before else state.last)
            keys = state.bank.expected(frame.index, list(state.targets), before.key) if before else []
            affinities = list(self.network.affinities(sight.features, keys)) if keys else []
        state.prefetched = {one.sight.frame: one for one in (*earlier, Prefetched(sight, keys, affinities))}

    def _see(self, frame: Frame, state: PocketState, last: View | None) -> Sight:
        """A frame, and how it moved since the last one; without one, nothing moved."""
        known = state.prefetched.get(frame.index)
        if known is None:
            return self._seen(frame, state, last)
        sight = known.sight
        return sight if sight.before is last else replace(sight, motion=moved(last, sight.view), before=last)

    def _seen(self, frame: Frame, state: PocketState, last: View | None) -> Sight:
        view = look(frame.pixels, state.scale.working)
        features = self.encode(view)
        return Sight(frame.index, view, features, features.key.flatten(2), moved(last, view), last)

    def _decide(
        self,
        state: PocketState,
        sight: Sight,
        carried: Soft,
        objects: Sequence[ObjectId],
        gone: Collection[ObjectId] = (),
    ) -> Verdict:
        """Where the objects are, by memory and cues; those ``gone`` were not there on the last frame."""
        if not objects:
            return Verdict({}, {}, {})
        cues = self._cues(state, sight, carried, objects)
        remembered, known = state.bank.recalled(sight.frame, objects), state.prefetched.get(sight.frame)
        readout = self.network.recall(sight.features, remembered, known.of(remembered) if known else None)
        return settled(self.decode(sight.features, cues, readout), objects, self.settings, gone)

    def _cues(self, state: PocketState, sight: Sight, carried: Soft, objects: Sequence[ObjectId]) -> Tensor:
        """The cues (N, CUES, h, w) of some objects."""
        bins = sight.view.bin_tensor
        rows = torch.cat([carried[object_id] for object_id in objects])
        others = torch.cat([others_of(carried, object_id) for object_id in objects])
        targets = [state.targets[object_id] for object_id in objects]
        prompted = [target.told(sight.frame) for target in targets]
        recent = [target.recent or colours for target, colours in zip(targets, prompted, strict=True)]
        odds = [torch.cat([one.odds(bins) for one in colours]) for colours in (prompted, recent)]
        return track_cues(rows, others, sight.motion, *odds)

    def _learn(self, target: Target, object_id: ObjectId, found: FrameMasks, predicted: Prediction) -> bool:
        """Take the place of an object on a frame as found, as improved since, or as given; and slowly its colours.

        Returns whether somebody improved it.
        """
        view, mask = predicted.sight.view, found.masks[object_id]
        if anchor := target.anchors.get(found.frame):
            target.soft, target.taught, target.recent = halved(anchor.mask.decode(), view), None, anchor.colours
            return False
        improved = mask is not predicted.found.masks[object_id]
        target.soft = halved(mask, view) if improved else predicted.soft[object_id]
        if target.soft.sum() < self.settings.smallest:
            return False
        now = Colours.of(view.bin_tensor, target.soft)
        if improved:
            target.taught = target.recent = now
        else:
            before = target.recent or target.told(found.frame)
            target.recent = before.mixed(now, self.settings.adaptation)
        return improved


def moved(last: View | None, now: View) -> Motion:
    """How a picture moved since the last one; without one, nothing did."""
    flow = torch.from_numpy(flow_between(last, now))[None] if last else torch.zeros(1, 2, *now.half_size)
    return Motion.between((last or now).half_tensor, now.half_tensor, flow)


def own_threads(state: PocketState) -> AbstractContextManager[None]:
    """All threads, or half of them where the next frame is looked at meanwhile."""
    return threads(state.threads // 2, state.threads) if state.prefetched else nullcontext()


@contextmanager
def threads(some: int, whole: int) -> Iterator[None]:
    """Work with some of the threads, then let others have the ``whole`` number again."""
    torch.set_num_threads(some)
    try:
        yield
    finally:
        torch.set_num_threads(whole)


def others_of(carried: Soft, own: ObjectId) -> Tensor:
    """Where any other object is (1, 1, h, w)."""
    rest = [soft for object_id, soft in carried.items() if object_id != own]
    return torch.cat(rest).amax(0, keepdim=True) if rest else torch.zeros_like(carried[own])


def without(masks: Mapping[ObjectId, Mask], given: Mapping[ObjectId, Mask]) -> dict[ObjectId, Mask]:
    """Masks without the pixels that are given to other objects."""
    result = dict(masks)
    for taken in given.values():
        result = {object_id: mask & ~taken for object_id, mask in result.items()}
    return result
