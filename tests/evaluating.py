"""For the tests of evaluation: an engine that knows the truth, one that sees nothing, and small data sets."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tam_core.engines.base import Candidates, FrameMasks
from tam_core.formats.davis import save_labels
from tam_core.prompts import Prompt
from tam_core.types import FloatMap, Mask, Pixels
from tam_core.video import Frame, VideoInfo
from tests.scenes import Scene


class Oracle:
    """Tracker and segmenter that answers with ``masks`` (T, H, W) whatever it is told, of one object.

    It knows a frame by its number as a tracker, and by its ``pictures`` (T, H, W, 3) as a segmenter.
    """

    def __init__(self, masks: Mask, pictures: Pixels) -> None:
        self._masks = masks
        self._places = {picture.tobytes(): index for index, picture in enumerate(pictures)}
        self.asked: list[Sequence[Prompt]] = []

    def embed(self, pixels: Pixels) -> int:
        return self._places[pixels.tobytes()]

    def segment(self, embedding: int, prompts: Sequence[Prompt], prior: FloatMap | None = None) -> Candidates:
        self.asked.append(list(prompts))
        return Candidates(self._masks[embedding][None], np.ones(1, np.float32))

    def start(self, info: VideoInfo) -> set[int]:
        return set()

    def condition(self, state: set[int], frame: Frame, prompts: Sequence[Prompt]) -> FrameMasks:
        state.update(prompt.object_id for prompt in prompts)
        return self.predict(state, frame)

    def step(self, state: set[int], frame: Frame) -> FrameMasks:
        return self.predict(state, frame)

    def predict(self, state: set[int], frame: Frame) -> FrameMasks:
        return FrameMasks(frame.index, dict.fromkeys(state, self._masks[frame.index]), dict.fromkeys(state, 0.9))

    def remember(self, state: set[int], found: FrameMasks) -> None: ...

    def search(self, state: set[int], frame: Frame) -> FrameMasks:
        return self.predict(state, frame)


def oracle(scene: Scene) -> Any:
    return Oracle(scene.masks, scene.frames)


def empty(scene: Scene) -> Any:
    return Oracle(np.zeros_like(scene.masks), scene.frames)


def put_pictures(folder: Path, frames: Pixels, step: int = 1) -> None:
    """PNGs, which lose nothing, named by number in steps."""
    folder.mkdir(parents=True)
    for index, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{index * step:05d}.png")


def put_labels(folder: Path, labels: np.ndarray, numbers: Sequence[int] | None = None) -> None:
    """Indexed PNGs of ``labels`` (T, H, W), by their place or these ``numbers``."""
    folder.mkdir(parents=True)
    for index, picture in enumerate(labels):
        save_labels(picture.astype(np.uint8), folder / f"{index if numbers is None else numbers[index]:05d}.png")


def davis(root: Path, scene: Scene, name: str = "ball") -> Path:
    """DAVIS 2016's layout, with one sequence more."""
    put_pictures(root / "JPEGImages/480p" / name, scene.frames)
    put_labels(root / "Annotations/480p" / name, scene.masks * 255)
    return root


def put_meta(root: Path, name: str, objects: dict[str, Any]) -> None:
    (root / "meta.json").write_text(json.dumps({"videos": {name: {"objects": objects}}}))
