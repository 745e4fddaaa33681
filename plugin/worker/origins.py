"""Where the pixels of an edit are from, kept beside its file and shown: a picture for each frame, and all in numbers.

The pictures are those of ``inpaint.provenance``: black is untouched, the other colours are copies by age, or made up.
"""

import io
import json
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from inpaint.provenance import Shares, colours, report, shares
from inpaint.removal import Removed
from plugin.link import wire
from plugin.worker.edited import write_pictures
from plugin.worker.problems import UnknownIdError
from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.types import Pixels
from tam_core.video import open_video


def pictures_of(file: Path) -> Path:
    """Where the pictures of an edit's file are."""
    return file.with_suffix(".origins.mkv")


def numbers_of(file: Path) -> Path:
    """Where the numbers are: what ``inpaint.provenance.report`` says."""
    return file.with_suffix(".origins.json")


def kept_origins(run: Iterable[Removed], file: Path) -> Generator[Removed, None, None]:
    """The same frames; when the last has come, their origins are beside the edit's ``file``."""
    waiting: list[Removed] = []
    counts: dict[int, Shares] = {}
    with closing(write_pictures(_taken(waiting), pictures_of(file))) as writing:
        for one in run:
            counts[one.frame.index] = shares(one)
            waiting.append(one)
            next(writing)
            yield one
        for _ in writing:
            pass
    numbers = numbers_of(file)
    with atomic_file(numbers) as temporary, naming_the_cause(numbers):
        temporary.write_text(json.dumps(report(counts)), encoding="utf-8")


def _taken(waiting: list[Removed]) -> Iterator[Pixels]:
    """The picture of each frame that waits, once; ends when none does."""
    while waiting:
        one = waiting.pop()
        picture = np.zeros((*one.frame.pixels.shape[:2], 3), np.uint8)
        x0, y0, x1, y1 = one.box
        if one.sources.size:
            picture[y0:y1, x0:x1] = colours(one.sources, one.frame.index)
        yield picture


class Origins:
    """The origins of one edit, read from its files. Any thread may ask."""

    def __init__(self, file: Path, span: range) -> None:
        self.file, self._span = file, span
        self._pictures = open_video(pictures_of(file))
        self._lock = threading.Lock()

    def picture(self, frame: int, width: int) -> bytes:
        """A PNG with alpha, ``width`` pixels wide: transparent where the pixel is the source's own."""
        if frame not in self._span:
            raise UnknownIdError(f"frame {frame} was not edited; frames {self._span.start} to {self._span[-1]} were")
        with self._lock:
            pixels = self._pictures.read(frame - self._span.start).pixels
        height, whole = pixels.shape[:2]
        if width != whole:
            size = (width, max(1, round(height * width / whole)))
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        return _png(np.dstack([pixels, np.where(pixels.any(axis=2), 255, 0).astype(np.uint8)]))


def _png(pixels: Pixels) -> bytes:
    """(H, W, 4) RGBA as PNG, quickly."""
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG", compress_level=1)
    return encoded.getvalue()


def described(file: Path) -> wire.Provenance:
    """The numbers of an edit. Raises UnknownIdError where they are not kept."""
    try:
        said: dict[str, Any] = json.loads(numbers_of(file).read_text(encoding="utf-8"))
        whole, legend = said["all"], said["legend"]
        known = Shares(whole["untouched"], whole["copied"], whole["synthesised"], whole["oldest"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnknownIdError("it is not known where the pixels of this edit are from: make it again") from error
    copies = legend["copied, by age in frames"]
    hues = [_hue(colour, f"copied, {age} frame{'s' * (age != '1')} away") for age, colour in copies.items()]
    made_up = known.synthesised / known.filled if known.filled else 0.0
    return wire.Provenance(
        known.copied / known.filled if known.filled else 0.0,
        made_up,
        known.in_words(),
        [*hues, _hue(legend["synthesised"], "made up")],
    )


def _hue(colour: list[int], title: str) -> wire.Hue:
    red, green, blue = colour
    return wire.Hue(f"#{red:02x}{green:02x}{blue:02x}", title)
