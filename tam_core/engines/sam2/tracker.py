"""SAM 2 through time (arXiv 2408.00714, section 4): every object has its own memory, all share a frame's features."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from tam_core import rle
from tam_core.engines.base import FrameMasks
from tam_core.engines.sam2.bank import Bank, Prompted
from tam_core.engines.sam2.segmenter import Sam2Segmenter
from tam_core.errors import PromptError
from tam_core.models.sam2 import Decoded, ImageFeatures, Memory
from tam_core.prompts import MaskPrompt, Prompt
from tam_core.types import Mask, ObjectId, Size
from tam_core.video.source import Frame, VideoInfo


@dataclass(frozen=True)
class Seen:
    """The frame predicted last: its features, and what was found of each tracked object (row by row)."""

    frame: int
    features: ImageFeatures = field(repr=False)
    found: Mapping[ObjectId, tuple[Mask, Decoded]] = field(default_factory=dict, repr=False)


@dataclass
class Sam2State:
    """One pass over a video. ``span`` is the largest age of an object pointer, ``last`` the frame remembered last."""

    size: Size
    span: int
    banks: dict[ObjectId, Bank] = field(default_factory=dict)
    seen: Seen | None = None
    last: int | None = None


class Sam2Tracker(Sam2Segmenter):
    """A segmenter that also remembers: a Segmenter and a Tracker (see tam_core.engines.base) with the same weights."""

    def start(self, info: VideoInfo) -> Sam2State:
        """An empty state."""
        most = self.settings.max_object_pointers
        return Sam2State(info.size, min(most, info.frame_count or most) - 1)

    @torch.inference_mode()
    def condition(self, state: Sam2State, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        """Learn objects from this frame. Takes masks, and clicks and boxes too, judged on this frame alone."""
        features = self._features(state, frame)
        words: dict[ObjectId, list[Prompt]] = {}
        for prompt in prompts:
            words.setdefault(prompt.object_id, []).append(prompt)
        masks: dict[ObjectId, Mask] = {}
        scores: dict[ObjectId, float] = {}
        logits = {}
        for object_id, said in words.items():
            masks[object_id], decoded, binary = self._understood(state, features, said)
            memory = self.network.remember(features, binary, decoded.presence)[0]
            bank = state.banks.setdefault(object_id, Bank())
            bank.prompted[frame.index] = Prompted(rle.encode(masks[object_id]), memory, decoded.pointers[0])
            scores[object_id] = float(decoded.ious[0])
            logits[object_id] = decoded.logits[0, 0].cpu().numpy()
        return FrameMasks(frame.index, masks, scores, logits)

    def step(self, state: Sam2State, frame: Frame) -> FrameMasks:
        """The next frame: predict, then remember."""
        found = self.predict(state, frame)
        self.remember(state, found)
        return found

    @torch.inference_mode()
    def predict(self, state: Sam2State, frame: Frame) -> FrameMasks:
        """The objects on this frame, by what is remembered of them."""
        features = self._features(state, frame)
        here = {o: bank.prompted[frame.index] for o, bank in state.banks.items() if frame.index in bank.prompted}
        carried = {o: bank for o, bank in state.banks.items() if bank.appeared and o not in here}
        decoded = self._recognised(state, features, frame.index, carried)
        found = self._answer(state, frame.index, decoded)
        state.seen = Seen(frame.index, features, {o: (found.masks[o], decoded[o]) for o in decoded})
        given = {object_id: prompted.mask.decode() for object_id, prompted in here.items()}
        return FrameMasks(
            frame.index, {**found.masks, **given}, {**found.scores, **dict.fromkeys(given, 1.0)}, found.logits
        )

    @torch.inference_mode()
    def remember(self, state: Sam2State, found: FrameMasks) -> None:
        """Learn from the frame predicted last: as predicted, or from the mask that came in its place."""
        seen = state.seen
        assert seen is not None and seen.frame == found.frame, "only the frame predicted last can be remembered"
        for object_id, mask in found.masks.items():
            bank = state.banks[object_id]
            bank.forget_before(found.frame, self.settings)
            bank.appeared = True
            if object_id in seen.found:
                bank.add(found.frame, *self._learned(seen.features, mask, *seen.found[object_id]))
        state.last = found.frame

    @torch.inference_mode()
    def search(self, state: Sam2State, frame: Frame) -> FrameMasks:
        """Where the remembered objects are on any frame, for instance after a cut."""
        features = self.network.encode_image(self.normalised(frame.pixels))
        return self._answer(state, frame.index, self._recognised(state, features, frame.index, state.banks))

    def _features(self, state: Sam2State, frame: Frame) -> ImageFeatures:
        """A frame is encoded once, also when it is predicted after its prompts were heard."""
        if state.seen is None or state.seen.frame != frame.index:
            state.seen = Seen(frame.index, self.network.encode_image(self.normalised(frame.pixels)))
        return state.seen.features

    def _understood(
        self, state: Sam2State, features: ImageFeatures, said: Sequence[Prompt]
    ) -> tuple[Mask, Decoded, Tensor]:
        """What a person means: the mask at source size, the network's answer, and the mask as 0 or 1 in its square."""
        given = [prompt.mask for prompt in said if isinstance(prompt, MaskPrompt)]
        points = self.points(state.size, said)
        if points is None and not given:
            raise PromptError(f"SAM 2 takes clicks, boxes and masks, not a {type(said[0]).__name__}: segment it first")
        if points is None:
            square = self.square(given[-1])
            return given[-1], self.network.adopt(features, square), square
        several = points.labels.shape[1] == 1 and not given
        logits = self._mask_input(given[-1]) if given else None
        image = self.network.without_memory(features)
        decoded = self.network.settle(self.network.decode(image, features, points, logits, several))
        mask = self._enlarged(decoded.logits, state.size)[0, 0] > 0
        return mask.cpu().numpy(), decoded, (self._in_square(decoded.logits) > 0).float()

    def _recognised(
        self, state: Sam2State, features: ImageFeatures, frame: int, banks: Mapping[ObjectId, Bank]
    ) -> dict[ObjectId, Decoded]:
        """Objects found by their memories; those with equally much to remember go through the network together."""
        forward = frame >= (min(_prompted_frames(banks)) if state.last is None else state.last)
        recalled = {}
        for object_id, bank in banks.items():
            memories = bank.memories_for(frame, self.settings)
            pointers = bank.pointers_for(frame, forward, self.settings)
            recalled[object_id] = self.network.recall(memories, pointers, state.span)
        groups: dict[tuple[int, int], list[ObjectId]] = {}
        for object_id, (memory, _, count) in recalled.items():
            groups.setdefault((len(memory), count), []).append(object_id)
        found: dict[ObjectId, Decoded] = {}
        for (_, count), group in groups.items():
            memory = torch.stack([recalled[object_id][0] for object_id in group])
            positions = torch.stack([recalled[object_id][1] for object_id in group])
            image = self.network.with_memory(features, memory, positions, count)
            for object_id, one in zip(group, self._decoded(features, image), strict=True):
                found[object_id] = one
        return found

    def _decoded(self, features: ImageFeatures, image_bchw: Tensor) -> Iterator[Decoded]:
        """One object after the other; a GPU takes all at once, a CPU is faster with little in hand."""
        together = 1 if image_bchw.device.type == "cpu" else len(image_bchw)
        for images in torch.split(image_bchw, together):
            decoded = self.network.settle(self.network.decode(images, features, None, None, several=True))
            yield from (_row(decoded, row) for row in range(len(images)))

    def _answer(self, state: Sam2State, frame: int, decoded: Mapping[ObjectId, Decoded]) -> FrameMasks:
        """Masks at source size; a pixel belongs to the object whose logit there is highest, if it is above 0."""
        highest = torch.zeros(state.size, device=self.network.device)
        owner = torch.zeros(state.size, dtype=torch.int32, device=self.network.device)
        for object_id, one in decoded.items():
            logits = self._enlarged(one.logits, state.size)[0, 0]
            owner[logits > highest] = object_id
            highest = torch.maximum(highest, logits)
        masks = {object_id: (owner == object_id).cpu().numpy() for object_id in decoded}
        scores = {object_id: float(one.ious[0] * one.presence[0].sigmoid()) for object_id, one in decoded.items()}
        return FrameMasks(frame, masks, scores, {o: one.logits[0, 0].cpu().numpy() for o, one in decoded.items()})

    def _learned(self, features: ImageFeatures, mask: Mask, predicted: Mask, decoded: Decoded) -> tuple[Memory, Tensor]:
        """The memory and the pointer of a tracked frame."""
        if mask is predicted:
            probabilities = self._in_square(decoded.logits).sigmoid()
        else:
            probabilities = self.square(mask)
            decoded = self.network.adopt(features, probabilities)
        return self.network.remember(features, probabilities, decoded.presence)[0], decoded.pointers[0]

    def _in_square(self, logits_b1hw: Tensor) -> Tensor:
        return F.interpolate(logits_b1hw, scale_factor=4, mode="bilinear")


def _row(decoded: Decoded, row: int) -> Decoded:
    """One object of several."""
    one = slice(row, row + 1)
    return Decoded(decoded.logits[one], decoded.ious[one], decoded.presence[one], decoded.pointers[one])


def _prompted_frames(banks: Mapping[ObjectId, Bank]) -> list[int]:
    return [frame for bank in banks.values() for frame in bank.prompted] or [0]
