"""``tam demo``: the main path on the bundled sample, measured against the truth that was rendered with it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from inpaint.metrics import Shot, psnr
from plugin import commands, removing
from plugin.arguments import PromptArguments
from plugin.finding import Asked, Choice
from tam_core.formats.davis import read_davis
from tam_core.masklet import Masklet
from tam_core.metrics import mean_jaccard
from tam_core.types import Mask
from tam_core.video import open_video

PROMPTS = PromptArguments(clicks=("131,189", "120,122", "135,270", "430,122@56", "430,186@56", "427,251@56"))
"""Chest, head and feet of the robot on the first frame, and where it has come out from behind the tree."""

GROW = 8
"""The masks miss thin parts by a few pixels."""


def run(output: Path) -> Iterator[str]:
    """Track and remove the sample's robot into the folder ``output``; yields what to tell the user."""
    sample, choice = sample_folder(), Choice()
    video, masks, removed = sample / "video.mp4", output / "masks", output / "removed.mp4"
    output.mkdir(parents=True, exist_ok=True)
    yield f"tam track {video} {_said(PROMPTS)} -o {masks}"
    yield commands.track(Asked(video, PROMPTS, choice=choice), masks)
    yield f"J against the true masks: {mean_jaccard(_masks(masks), _masks(sample / 'masks')):.3f}"
    yield f"tam remove {video} --masks {masks} --grow {GROW} -o {removed}"
    yield removing.remove(Asked(video, masks=masks, choice=choice), removed, GROW)
    yield f"PSNR against the true background, inside the true mask: {psnr(_shots(removed, sample)):.1f} dB"


def sample_folder() -> Path:
    """Where the sample lies: beside this file when installed, in ``examples`` in a checkout."""
    installed = Path(__file__).parent / "sample"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "examples" / "sample"


def _said(prompts: PromptArguments) -> str:
    """The prompts as a person would type them."""
    clicks = [f"--click {click}" for click in prompts.clicks]
    return " ".join([*clicks, *(f"--not {click}" for click in prompts.negative_clicks)])


def _masks(folder: Path) -> list[Mask]:
    (masklet,) = read_davis(folder)
    return [_mask(masklet, frame) for frame in masklet.frames]


def _mask(masklet: Masklet, frame: int) -> Mask:
    mask = masklet.mask(frame)
    return np.zeros(masklet.size, dtype=bool) if mask is None else mask


def _shots(removed: Path, sample: Path) -> Iterator[Shot]:
    """Result, truth and hole of every frame."""
    pairs = zip(open_video(removed).frames(), open_video(sample / "background.mp4").frames(), strict=True)
    for (result, truth), hole in zip(pairs, _masks(sample / "masks"), strict=True):
        yield result.pixels, truth.pixels, hole
