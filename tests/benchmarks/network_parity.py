"""Masks of our networks against transformers' on a real clip, with equal random weights at 1024 pixels.

    python -m tests.benchmarks.network_parity sam2.1-tiny

Eight frames of a sequence of ../shared/data; objects prompted by a click, a box and a mask on frame 0, and the first
one corrected by two clicks on frame 4. Prints the largest difference of a logit as a share of the logits' range, how
far two objects' logits are apart (the memory matters), and the IoU of bfloat16 masks with float32: ours, and
transformers' own. Masks of random weights are noise with long borders, the hardest case for that.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tam_core.engines.sam2 import Sam2Tracker
from tam_core.prompts import Box, Click, MaskPrompt, Prompt
from tam_core.types import FloatMap
from tam_core.video import ArraySource, FrameSource, open_video
from tests.benchmarks.network_twins import TWINS
from tests.reference_sam2 import Said, reference_logits, relative_difference
from tests.scenes import iou

FRAMES = Path("../shared/data/davis2016-val-half/JPEGImages/480p")
COUNT = 8


def prompts(size: tuple[int, int]) -> list[Prompt]:
    """In source pixels."""
    height, width = size
    mask = np.zeros(size, bool)
    mask[height // 4 : height // 2, width // 4 : width // 2] = True
    return [
        Click(0, 1, 0.4 * width, 0.4 * height),
        Box(0, 2, (0.2 * width, 0.2 * height, 0.6 * width, 0.7 * height)),
        MaskPrompt(0, 3, mask),
        Click(4, 1, 0.5 * width, 0.5 * height),
        Click(4, 1, 0.05 * width, 0.05 * height, positive=False),
    ]


def ours(tracker: Sam2Tracker, source: FrameSource, said: list[Prompt]) -> list[dict[int, FloatMap]]:
    """Logits of every frame; on a prompted frame those that answered the prompts."""
    state = tracker.start(source.info)
    answers = {
        frame: tracker.condition(state, source.read(frame), [prompt for prompt in said if prompt.frame == frame])
        for frame in sorted({prompt.frame for prompt in said})
    }
    found = []
    for frame in source.frames():
        here = dict(tracker.step(state, frame).logits)
        found.append(here | (dict(answers[frame.index].logits) if frame.index in answers else {}))
    return found


def as_said(tracker: Sam2Tracker, said: list[Prompt], size: tuple[int, int]) -> list[Said]:
    """The same prompts as the reference takes them."""
    result = []
    for frame, object_id in sorted({(prompt.frame, prompt.object_id) for prompt in said}):
        group = [prompt for prompt in said if (prompt.frame, prompt.object_id) == (frame, object_id)]
        points = tracker.points(size, group)
        if points is None:
            assert isinstance(group[0], MaskPrompt)
            result.append(Said(object_id, frame, mask=tracker.square(group[0].mask)[0, 0]))
        else:
            result.append(Said(object_id, frame, points.points[0], points.labels[0]))
    return result


def theirs_alone(model: Any, pixels: Tensor, said: list[Said]) -> list[dict[int, Tensor]]:
    """Each object in a session of its own: their EdgeTAM does not take masks and clicks together."""
    runs = [
        reference_logits(model, pixels, [prompt for prompt in said if prompt.object_id == object_id])
        for object_id in sorted({prompt.object_id for prompt in said})
    ]
    return [{o: logits for run in runs for o, logits in run[index].items()} for index in range(len(pixels))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=TWINS)
    parser.add_argument("--sequence", default="dance-twirl")
    chosen = parser.parse_args()
    twin, clip = TWINS[chosen.network](), open_video(FRAMES / chosen.sequence)
    source = ArraySource(np.stack([frame.pixels for frame in clip.frames(0, COUNT)]))
    exact, quick = twin.ours(torch.float32), twin.ours(torch.bfloat16)
    for tracker in (exact, quick):  # transformers takes a mask's pointer from the best of three masks
        tracker.network.adopt = partial(tracker.network.adopt, several=True)  # type: ignore[method-assign]
    said = prompts(source.info.size)
    pixels = torch.cat([exact.normalised(frame.pixels) for frame in source.frames()])
    with torch.inference_mode():
        mine, other = exact.network.encode_image(pixels[:1]), twin.theirs.get_image_features(pixels[:1])
    for name, one, two in zip(("1/4", "1/8", "1/16"), vars(mine).values(), other.fpn_hidden_states, strict=True):
        flat = one.flatten(2).permute(2, 0, 1)
        print(f"image features {name}: {float((flat - two).abs().max() / (two.max() - two.min())):.1e}")
    asked = as_said(exact, said, source.info.size)
    theirs = theirs_alone(twin.theirs, pixels, asked)
    their_quick = theirs_alone(twin.reference(torch.bfloat16), pixels.bfloat16(), asked)
    float_masks, quick_masks = ours(exact, source, said), ours(quick, source, said)
    for index, (one, two, reference) in enumerate(zip(float_masks, quick_masks, theirs, strict=True)):
        apart = relative_difference({1: one[1]}, {1: reference[3]})
        mine = " ".join(f"{iou(one[o] > 0, two[o] > 0):.3f}" for o in sorted(reference))
        other = " ".join(f"{iou(their_quick[index][o].numpy() > 0, reference[o].numpy() > 0):.3f}" for o in reference)
        print(
            f"frame {index}: logits {relative_difference(one, reference):.1e}, objects 1 and 3 {apart:.1e} apart, "
            f"bfloat16 IoU {mine}, transformers' {other}"
        )


if __name__ == "__main__":
    main()
