"""The XMem tracker: finds the objects on a frame by what memory says, and decides what of the frame is remembered.

Positions in a tensor stand for objects only inside one function; between functions everything goes by object id.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from tam_core import rle
from tam_core.engines.base import FrameMasks
from tam_core.engines.xmem.memory import Memory
from tam_core.engines.xmem.picture import Canvas
from tam_core.engines.xmem.settings import XMemSettings
from tam_core.engines.xmem.state import Findings, Sight, XMemState
from tam_core.errors import PromptError, RequestError
from tam_core.models.xmem import ImageFeatures, XMem, shared_out
from tam_core.prompts import MaskPrompt, Prompt
from tam_core.types import Mask, ObjectId
from tam_core.video.source import Frame, VideoInfo

Shares = Mapping[ObjectId, Tensor]
"""How much of each pixel of the network's canvas belongs to each object: (h, w), 0..1."""


class XMemTracker:
    """A Tracker (see tam_core.engines.base) that takes masks; clicks go through a segmenter first."""

    def __init__(self, network: XMem, settings: XMemSettings | None = None) -> None:
        self.network = network.eval()
        self.settings = settings or XMemSettings()
        self._device = next(network.parameters()).device

    def start(self, info: VideoInfo) -> XMemState:
        """An empty state."""
        canvas = Canvas.of(info.size, self.settings.short_side)
        return XMemState(canvas, Memory(self.settings, self.network.sizes, canvas.grid, self._device))

    @torch.inference_mode()
    def condition(self, state: XMemState, frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        """Keep the prompted objects' masks on this frame in permanent memory."""
        masks: dict[ObjectId, Mask] = {}
        for prompt in prompts:
            if not isinstance(prompt, MaskPrompt):
                raise PromptError(f"the XMem tracker takes masks, not a {type(prompt).__name__}: segment it first")
            masks[prompt.object_id] = prompt.mask
        codes = {object_id: rle.encode(mask) for object_id, mask in masks.items()}
        state.given[frame.index] = state.given.get(frame.index, {}) | codes
        features = self._encode(state, frame)
        shares = settled({}, self._given(state, frame.index))
        state.memory.add_prompted(frame.index, features, self._values(features, shares, list(shares)))
        state.last = None
        return FrameMasks(frame.index, masks, dict.fromkeys(masks, 1.0))

    def step(self, state: XMemState, frame: Frame) -> FrameMasks:
        """Carry every object that has appeared to this frame, and learn from it."""
        found = self.predict(state, frame)
        self.remember(state, found)
        return found

    @torch.inference_mode()
    def predict(self, state: XMemState, frame: Frame) -> FrameMasks:
        """The objects on this frame. Only ``state.last`` changes."""
        given = state.given.get(frame.index, {})
        followed = {object_id: sensory for object_id, sensory in state.sensory.items() if object_id not in given}
        due = state.since_memory + 1 >= self.settings.memory_every
        findings = self._find(state, frame, followed, update=not due) if followed else None
        state.last = Sight(self._told(state, frame.index, findings), findings)
        return state.last.told

    @torch.inference_mode()
    def search(self, state: XMemState, frame: Frame) -> FrameMasks:
        """Every object that was ever prompted, by its looks alone: the sensory memory of where it was is left out."""
        given = state.given.get(frame.index, {})
        neutral = {object_id: self._no_sensory(state) for object_id in state.memory.objects if object_id not in given}
        findings = self._find(state, frame, neutral, update=False) if neutral else None
        return self._told(state, frame.index, findings)

    @torch.inference_mode()
    def remember(self, state: XMemState, found: FrameMasks) -> None:
        """Learn from the frame predicted last.

        Sensory memory learns on every frame. The frame itself is remembered when it is due, and at once when the user
        gave a mask for it or a mask in ``found`` is not the very array that was predicted.
        """
        sight = state.last
        if sight is None or sight.told.frame != found.frame:
            raise RequestError(f"frame {found.frame} cannot be remembered: it is not the one predicted last")
        strangers = sorted(set(found.masks) - set(sight.told.masks))
        if strangers:
            raise RequestError(f"objects {strangers} were not predicted on frame {found.frame}: condition() adds them")
        state.last = None
        state.since_memory += 1
        if sight.findings:
            self._learn(state, sight, sight.findings, found.masks)
        given = [object_id for object_id in state.given.get(found.frame, {}) if object_id in found.masks]
        if given:
            values = {object_id: state.memory.prompted_values(found.frame, object_id) for object_id in given}
            self._reinforce(state, values)

    def _learn(self, state: XMemState, sight: Sight, findings: Findings, masks: Mapping[ObjectId, Mask]) -> None:
        """Learn the followed objects that are among ``masks``."""
        state.memory.count_usage(findings.usage)
        learning = [object_id for object_id in findings.shares if object_id in masks]
        exact = self._given(state, sight.told.frame) | {
            object_id: state.canvas.mask(masks[object_id], self._device)
            for object_id in learning
            if masks[object_id] is not sight.told.masks[object_id]
        }
        if not learning:
            return
        if exact or state.since_memory >= self.settings.memory_every:
            shares = settled({object_id: findings.shares[object_id] for object_id in learning}, exact)
            values = self._values(findings.features, shares, learning)
            state.memory.add(findings.features, values)
            self._reinforce(state, values)
        else:
            state.sensory.update({object_id: findings.sensory[object_id] for object_id in learning})

    def _find(self, state: XMemState, frame: Frame, sensory: Shares, update: bool) -> Findings:
        """The objects of ``sensory`` on a frame, as if nothing were given for it. Changes nothing."""
        objects = list(sensory)
        features = self._encode(state, frame)
        reading = state.memory.read(objects, features)
        before = torch.stack([sensory[object_id] for object_id in objects])
        shares, after = self.network.segment(features, reading.values, before, update)
        return Findings(
            features,
            dict(zip(objects, shares[1:], strict=True)),
            dict(zip(objects, after, strict=True)),
            reading.usage,
        )

    def _told(self, state: XMemState, frame: int, findings: Findings | None) -> FrameMasks:
        """The answer for a frame: the masks given for it exactly, and what was found beside them."""
        given = {object_id: code.decode() for object_id, code in state.given.get(frame, {}).items()}
        certain = dict.fromkeys(given, 1.0)
        if not findings:
            return FrameMasks(frame, given, certain)
        shares = settled(findings.shares, self._given(state, frame))
        masks = dict(zip(shares, state.canvas.masks(torch.stack(list(shares.values()))), strict=True))
        for mask in given.values():
            for object_id in findings.shares:
                masks[object_id] &= ~mask
        inside = {object_id: state.canvas.cropped(shares[object_id]) for object_id in findings.shares}
        return FrameMasks(
            frame,
            masks | given,
            {object_id: confidence(share) for object_id, share in inside.items()} | certain,
            {object_id: share.logit(eps=1e-7).cpu().numpy() for object_id, share in inside.items()},
        )

    def _encode(self, state: XMemState, frame: Frame) -> ImageFeatures:
        return self.network.encode_image(state.canvas.image(frame.pixels, self._device))

    def _values(self, features: ImageFeatures, shares: Shares, objects: list[ObjectId]) -> dict[ObjectId, Tensor]:
        """What to remember (CV, h / 16, w / 16) of some objects on a frame shared by all of ``shares``."""
        own = torch.stack([shares[object_id] for object_id in objects])
        everything = torch.stack(list(shares.values())).sum(0)
        return dict(zip(objects, self.network.encode_values(features, own, everything - own), strict=True))

    def _reinforce(self, state: XMemState, values: Mapping[ObjectId, Tensor]) -> None:
        """The deep update of sensory memory on a frame that was remembered with these values."""
        before = torch.stack([state.sensory.get(object_id, self._no_sensory(state)) for object_id in values])
        after = self.network.reinforce(torch.stack(list(values.values())), before)
        state.sensory.update(zip(values, after, strict=True))
        state.since_memory = 0

    def _given(self, state: XMemState, frame: int) -> dict[ObjectId, Tensor]:
        """The user's masks for a frame on the network's canvas, (h, w)."""
        codes = state.given.get(frame, {})
        return {object_id: state.canvas.mask(code.decode(), self._device) for object_id, code in codes.items()}

    def _no_sensory(self, state: XMemState) -> Tensor:
        return torch.zeros(self.network.sizes.sensory, *state.canvas.grid, device=self._device)


def settled(predicted: Shares, exact: Shares) -> dict[ObjectId, Tensor]:
    """Shares of all objects where those of some are known exactly: they take their pixels from the others."""
    if not exact:
        return dict(predicted)
    taken = torch.stack(list(exact.values())).sum(0) > 0.5
    claims = {object_id: share.masked_fill(taken, 0) for object_id, share in predicted.items()} | dict(exact)
    return dict(zip(claims, shared_out(torch.stack(list(claims.values())))[1:], strict=True))


def confidence(share_hw: Tensor) -> float:
    """How sure an object is, 0..1: its mean share where it has more than half; its best, at most 0.5, if nowhere."""
    inside = share_hw[share_hw > 0.5]
    return float(inside.mean() if len(inside) else share_hw.max())
