"""What one pass over a video remembers of each object, and of the frame predicted last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from tam_core import rle
from tam_core.engines.base import FrameMasks
from tam_core.engines.pocket.bank import Bank
from tam_core.engines.pocket.view import View
from tam_core.geometry import Scale
from tam_core.models.pocket.cues import Colours, Motion
from tam_core.models.pocket.encoder import Features
from tam_core.models.pocket.memory import Remembered
from tam_core.types import ObjectId


@dataclass(frozen=True)
class Anchor:
    """What the user said of an object on a frame: its mask, and the colours it has there."""

    mask: rle.RLE
    colours: Colours


@dataclass
class Target:
    """An object on its way: its soft mask (1, 1, h, w) on the last frame; its colours as ``taught`` last, when somebody
    improved its mask on the way, and as ``recent``ly seen."""

    anchors: dict[int, Anchor] = field(default_factory=dict)
    soft: Tensor | None = None
    taught: Colours | None = None
    recent: Colours | None = None

    @property
    def there(self) -> bool:
        """Whether any of it was seen on the last frame."""
        return self.soft is not None and bool((self.soft > 0.5).any())

    def told(self, frame: int) -> Colours:
        """The colours that somebody vouched for: as taught, or those of the prompted frame nearest to a frame."""
        return self.taught or self.anchors[min(self.anchors, key=lambda index: abs(index - frame))].colours


@dataclass(frozen=True)
class Sight:
    """A frame as it is seen on a pass: picture, features, their key (1, Ck, L), and the motion to it from the last one.

    ``before``: what was seen of that frame, None if there was none.
    """

    frame: int
    view: View
    features: Features
    key: Tensor
    motion: Motion
    before: View | None = None


@dataclass(frozen=True)
class Prefetched:
    """What is known of a frame before the one ahead of it has masks: how it looks, and its ``affinities`` with frames
    of these ``keys``."""

    sight: Sight
    keys: Sequence[Tensor] = ()
    affinities: Sequence[Tensor] = ()

    def of(self, remembered: Sequence[Remembered]) -> Sequence[Tensor] | None:
        """Its affinities with remembered frames, if these are the ones that were expected."""
        expected = len(self.keys) == len(remembered) > 0
        same = expected and all(a.key is b for a, b in zip(remembered, self.keys, strict=True))
        return self.affinities if same else None


@dataclass(frozen=True)
class Prediction:
    """The frame predicted last, until it is remembered: where the motion ``carried`` each object, and its ``soft``
    mask as found, each (1, 1, h, w)."""

    sight: Sight
    carried: Mapping[ObjectId, Tensor]
    soft: Mapping[ObjectId, Tensor]
    found: FrameMasks


@dataclass
class PocketState:
    """One pass over a video. Its size depends on the working size, the objects and the prompted frames only.

    ``prefetched``: by frame index, the last two frames that were looked at ahead. ``threads``: all there are.
    """

    scale: Scale
    bank: Bank
    threads: int = 1
    targets: dict[ObjectId, Target] = field(default_factory=dict)
    last: View | None = None
    predicted: Prediction | None = None
    prefetched: dict[int, Prefetched] = field(default_factory=dict)
