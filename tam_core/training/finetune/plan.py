"""What is asked of a fine-tuning, and what it tells of each step."""

import math
from dataclasses import dataclass

from tam_core.errors import RequestError


@dataclass(frozen=True)
class FinetunePlan:
    """All that the result depends on, beside the weights it starts from and the data.

    Each of ``steps`` learns from one clip: ``length`` frames, squares of ``image_size`` pixels (best the engine's own,
    so that it meets what it was taught on), up to ``objects`` objects side by side, ``corrections`` clicks on each
    frame that is corrected. The image encoder stays as it is unless ``encoder``: it has seen more pictures than a
    person has, and its gradients cost time and memory.

    ``rate`` falls to a tenth of itself on a half cosine. SAM 2 was fine-tuned on MOSE at 5e-6, and 3e-6 for the
    encoder, over thousands of steps of eight clips. AdamW moves a weight by about its rate a step: hundreds of steps of
    one clip get four times as much, and the encoder, which has most to forget, no more than it had there.
    """

    steps: int = 500
    image_size: int = 1024
    length: int = 8
    objects: int = 3
    corrections: int = 7
    encoder: bool = False
    rate: float = 2e-5
    encoder_rate: float = 3e-6
    seed: int = 0
    save_every: int = 25

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("length", 3), ("objects", 1), ("corrections", 0), ("save_every", 1)):
            if getattr(self, name) < least:
                raise RequestError(f"{name} = {getattr(self, name)}: at least {least} is needed")
        for name in ("rate", "encoder_rate"):
            if not 0 < getattr(self, name) < 1:
                raise RequestError(f"{name} = {getattr(self, name)}: give a number between 0 and 1, such as 2e-5")

    def share_of_rate(self, step: int) -> float:
        """The learning rate of a step, 1..0.1, as a share of the highest."""
        return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * step / self.steps))


@dataclass(frozen=True)
class Progress:
    """``step`` of ``steps`` is done. Losses are means over the answers given on its clip, ``loss`` is their weighted
    sum; ``overlap`` is the mean IoU of the answers with the truth, where the objects were in the picture."""

    step: int
    steps: int
    loss: float
    focal: float
    dice: float
    iou: float
    presence: float
    overlap: float
