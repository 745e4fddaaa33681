"""Masklets written as the data sets of the field have them: COCO, YouTube-VOS, SA-V. Their readers take them back."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from plugin.material import Material
from plugin.stepwise import stepwise
from tam_core.formats.coco import write_coco
from tam_core.formats.sav import write_sav
from tam_core.formats.ytvos import write_ytvos


def write_coco_json(material: Material, path: Path) -> Iterator[None]:
    objects, info = material.require_objects(), material.source.info
    return _by_frames(material, lambda frames: write_coco(objects, path, frames, info, names=material.names))


def write_ytvos_folder(material: Material, path: Path) -> Iterator[None]:
    objects = material.require_objects()
    return _by_frames(material, lambda frames: write_ytvos(objects, path, frames, names=material.names))


def write_sav_json(material: Material, path: Path) -> Iterator[None]:
    objects, info = material.require_objects(), material.source.info
    return _by_frames(material, lambda frames: write_sav(objects, path, info, frames=frames))


def _by_frames(material: Material, write: Callable[[Iterable[int]], None]) -> Iterator[None]:
    return stepwise(write, range(material.start, material.stop))
