"""What one pass over a video knows: memory, the user's masks, and the frame that was predicted last."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from tam_core.engines.base import FrameMasks
from tam_core.engines.xmem.memory import Memory
from tam_core.engines.xmem.picture import Canvas
from tam_core.models.xmem import ImageFeatures
from tam_core.rle import RLE
from tam_core.types import ObjectId


@dataclass(frozen=True)
class Findings:
    """The objects followed on a frame, by id: their ``shares`` (h, w), 0..1, as the network sees them, and their
    ``sensory`` memory (CH, h / 16, w / 16) after it. ``usage`` (rows,) says how memory was read to find them.
    """

    features: ImageFeatures
    shares: Mapping[ObjectId, Tensor] = field(repr=False)
    sensory: Mapping[ObjectId, Tensor] = field(repr=False)
    usage: Tensor = field(repr=False)


@dataclass(frozen=True)
class Sight:
    """A frame between prediction and memory: what was answered, and what was found where any object is followed."""

    told: FrameMasks
    findings: Findings | None


@dataclass
class XMemState:
    """One pass over a video. Its size depends on the frame size, the objects and the prompted frames only."""

    canvas: Canvas
    memory: Memory
    given: dict[int, dict[ObjectId, RLE]] = field(default_factory=dict)
    """The user's masks: per prompted frame, per object."""
    sensory: dict[ObjectId, Tensor] = field(default_factory=dict)
    """Of every object that has appeared, (CH, h / 16, w / 16)."""
    since_memory: int = 0
    """How many frames ago a frame was last remembered."""
    last: Sight | None = None
    """The frame predicted last, until it is remembered."""
