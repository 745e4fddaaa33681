"""What ``tam effect`` does, from files to files. Answers with one line for the user."""

from dataclasses import dataclass
from pathlib import Path

from inpaint.effects import Effect, effects_of, find_effect, with_effects
from inpaint.effects.base import Original
from inpaint.effects.taking import Remove
from plugin.finding import Asked, found, objects_in_words, ready_inpainter, warn_of_alpha
from plugin.progress import with_progress
from tam_core.errors import RequestError
from tam_core.video import write_video
from tam_core.video.codecs import choose_codec
from tam_core.video.colour import PLAIN_BITS
from tam_core.video.open import deepened


@dataclass(frozen=True)
class Wish:
    """``top`` and ``under``: NAME[:VARIANT] of the objects and of all else. ``feather``, px, or ``soft``: the edge."""

    top: str = "original"
    under: str = "original"
    feather: float = 1.5
    soft: bool = False

    def effects(self) -> tuple[Effect, Effect]:
        """Raises RequestError."""
        chosen = find_effect(self.top, "object"), find_effect(self.under, "background")
        if all(isinstance(effect, Original) for effect in chosen):
            raise RequestError(
                "say what to do: --object NAME[:VARIANT], --background NAME[:VARIANT] or both; see --list"
            )
        return chosen


def effect(asked: Asked, output: Path, wish: Wish, codec: str | None = None) -> str:
    """The video with an effect on the objects and one on all else."""
    top, under = wish.effects()
    if isinstance(top, Remove) and asked.choice.inpainter != "auto":
        top = Remove(asked.choice.inpainter, top.grow)
    if isinstance(top, Remove):
        ready_inpainter(top.inpainter)
    written_as = choose_codec(output, codec)
    with found(asked, output, lambda source, frames: warn_of_alpha(asked.path, source)) as work:
        pictures = deepened(work.source) if written_as.deepest > PLAIN_BITS else work.source
        drawn = with_effects(
            pictures,
            work.masklets.values(),
            top,
            under,
            feather=wish.feather,
            soft=wish.soft,
            alpha=written_as.holds_alpha(output),
            start=work.frames.start,
            stop=work.frames.stop,
        )
        shown = with_progress(drawn, "drawing", len(work.frames))
        write_video(shown, output, like=pictures, codec=codec)
    done = ", ".join(f"{layer} {name}" for layer, name in (("objects:", wish.top), ("background:", wish.under)))
    return f"{output}: {len(work.frames)} frames, {objects_in_words(work.masklets)}; {done}"


def effects_in_words() -> str:
    """Both lists, a row a line, with variants."""
    lines = []
    for layer in ("object", "background"):
        lines.append(f"--{layer}")
        for row in effects_of(layer):
            value = f"  or its {row.main}" if row.main else ""
            lines.append(f"  {row.name:<11} {row.summary}")
            if len(row.variants) > 1 or value:
                lines.append(f"  {'':<11} :{' :'.join(row.variants)}{value}")
    return "\n".join(lines)
