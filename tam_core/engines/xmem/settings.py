"""The numbers of XMem's memory, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class XMemSettings:
    """The defaults are the published ones.

    Prompted frames are kept apart for good, so ``min_working_frames`` and ``max_working_frames`` are one less than
    XMem's T_min and T_max, which count the first frame.
    """

    short_side: int = 480
    """Size of the picture's shorter side for the network."""
    memory_every: int = 5
    """r: every so many frames are remembered."""
    top_k: int = 30
    """Memory elements that a place of a frame reads from."""
    min_working_frames: int = 4
    """Newest frames that stay in working memory when the others are consolidated."""
    max_working_frames: int = 9
    """Frames at which working memory is full."""
    prototypes: int = 128
    """P: what is left of consolidated frames."""
    max_long_term: int = 10_000
    """LT_max: prototypes at most."""
