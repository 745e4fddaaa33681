"""What the user said about objects: clicks and boxes, typed or picked in the page, as one kind of record.

A word is in pixels of some picture. Here words are read, moved from one picture to another, and made into the worker's
prompts. Nothing here knows OBS.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ..link import raster, wire

NUMBER = r"\d+(?:\.\d+)?"
_TOKEN = re.compile(
    rf"@(?P<seconds>{NUMBER})|(?P<object>\d+):|(?P<negative>-)?(?P<place>{NUMBER},{NUMBER}(?:,{NUMBER},{NUMBER})?)"
)
Size = tuple[int, int]
"""(width, height)"""


class WordsError(ValueError):
    """Typed clicks that are not understood; says which, and what is."""


@dataclass(frozen=True)
class Word:
    """A click (x, y) or a box (x0, y0, x1, y1) for an object, ``seconds`` into its video."""

    object_id: int
    place: tuple[float, ...]
    positive: bool = True
    seconds: float = 0.0


def parse(text: str, seconds: float = 0.0) -> list[Word]:
    """``120,80 -40,50 2: 60,20,180,140 @1.5 90,70``: on it, not on it, a box of object 2, then at 1.5 seconds.

    Raises WordsError.
    """
    words, object_id = [], 1
    for token in re.sub(r"\s*,\s*", ",", text).replace(";", " ").replace(":", ": ").split():
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise WordsError(
                f"'{token}' is no click. Write 120,80 for a click on the object, -40,50 for one that is not on it, "
                "60,20,180,140 for a box, 2: before what belongs to a second object, @1.5 for seconds"
            )
        if found["seconds"]:
            seconds = float(found["seconds"])
        elif found["object"]:
            object_id = int(found["object"])
        else:
            place = tuple(float(number) for number in found["place"].split(","))
            words.append(Word(object_id, place, not found["negative"], seconds))
    _check(words)
    return words


def _check(words: Sequence[Word]) -> None:
    for word in words:
        if len(word.place) == 4 and not word.positive:
            raise WordsError("a box is always around the object: take the - away")
        if len(word.place) == 4 and not (word.place[0] < word.place[2] and word.place[1] < word.place[3]):
            raise WordsError("a box is left, top, right, bottom, such as 60,20,180,140")
        if word.object_id < 1:
            raise WordsError("objects are counted from 1")
    if words and not any(word.positive for word in words):
        raise WordsError("say where the object is, too: 120,80 is a click on it")


def moved(words: Iterable[Word], move: Callable[[float, float], tuple[float, float]]) -> list[Word]:
    """The words in another picture. A box becomes the upright one around its corners."""
    return [replace(word, place=_moved(word.place, move)) for word in words]


def scaled(words: Iterable[Word], size: Size, to: Size) -> list[Word]:
    """The words in the same picture at another size."""
    across, down = to[0] / size[0], to[1] / size[1]
    return moved(words, lambda x, y: (x * across, y * down))


def prompts(words: Iterable[Word], times: Sequence[float]) -> dict[int, list[wire.Prompt]]:
    """Frame -> what is said on it. ``times``: seconds of every frame; a moment belongs to the frame that is shown."""
    said: dict[int, list[wire.Prompt]] = {}
    for word in words:
        frame = max(bisect_right(times, word.seconds + 1e-6) - 1, 0)
        said.setdefault(frame, []).append(_prompt(word, frame))
    return said


def picked(found: Sequence[wire.FrameMasks], times: Sequence[float]) -> list[Word]:
    """What a session holds, as words. An object without a prompt was painted: its first mask is said in words."""
    words = []
    for here in found:
        words += [word for prompt in here.prompts if (word := _word(prompt, times[here.frame]))]
    said = {word.object_id for word in words}
    for here in found:
        painted = [mask for mask in here.masks if mask.object_id not in said]
        words += of_masks(painted, times[here.frame])
        said |= {mask.object_id for mask in painted}
    return words


def of_masks(masks: Iterable[wire.ObjectMask], seconds: float = 0.0) -> list[Word]:
    """Where objects are, said in words: a click well inside each, and the box around it. Empty masks are left out."""
    words = []
    for mask in masks:
        spans = raster.rows(mask.rle)
        filled = [(row, start, stop) for row, line in enumerate(spans) for start, stop in line]
        if not filled:
            continue
        row, start, stop = max(filled, key=lambda span: span[2] - span[1])
        words.append(Word(mask.object_id, ((start + stop - 1) / 2, float(row)), True, seconds))
        left, right = min(span[1] for span in filled), max(span[2] for span in filled)
        box = (float(left), float(filled[0][0]), float(right), float(filled[-1][0] + 1))
        words.append(Word(mask.object_id, box, True, seconds))
    return words


def _moved(place: tuple[float, ...], move: Callable[[float, float], tuple[float, float]]) -> tuple[float, ...]:
    if len(place) == 2:
        return move(*place)
    corners = [move(x, y) for x in place[0::2] for y in place[1::2]]
    across, down = zip(*corners, strict=True)
    return min(across), min(down), max(across), max(down)


def _prompt(word: Word, frame: int) -> wire.Prompt:
    if len(word.place) == 2:
        x, y = word.place
        return wire.Click(frame=frame, object_id=word.object_id, x=x, y=y, positive=word.positive)
    left, top, right, bottom = word.place
    return wire.Box(frame=frame, object_id=word.object_id, xyxy=(left, top, right, bottom))


def _word(prompt: wire.Prompt, seconds: float) -> Word | None:
    if isinstance(prompt, wire.Click):
        return Word(prompt.object_id, (prompt.x, prompt.y), prompt.positive, seconds)
    if isinstance(prompt, wire.Box):
        return Word(prompt.object_id, prompt.xyxy, True, seconds)
    return None
