"""What ``tam replace`` does, from files to files. Answers with one line for the user."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from inpaint.engines import INPAINTERS
from inpaint.holes import BY_SIZE, holes_of
from inpaint.replace import (
    BACKGROUND_PARAMETERS,
    PARAMETERS,
    Replacement,
    ReplaceSettings,
    check_anchor,
    replace_background,
)
from inpaint.replacing.background import open_background
from inpaint.replacing.insert import open_insert
from plugin.catalogue import settled
from plugin.finding import (
    Asked,
    Choice,
    Found,
    check_beside,
    found,
    objects_in_words,
    ready_inpainter,
    warn_of_alpha,
)
from plugin.progress import with_progress
from plugin.receipt import write_receipt
from plugin.receipt.pair import ChangedPart
from plugin.settings import check_memory
from tam_core.atomic import check_writable
from tam_core.errors import RequestError
from tam_core.masklet import Masklet
from tam_core.registry import Value
from tam_core.video import Frame, FrameSource, write_video
from tam_core.video.codecs import choose_codec
from tam_core.video.colour import PLAIN_BITS
from tam_core.video.open import deepened

PAINTED = 8
"""Pixels by which masks are usually enlarged to paint in an object's place."""


@dataclass(frozen=True)
class Placing:
    """Where it goes and how it moves; the words are those of inpaint.replace.PARAMETERS. None: what is usual."""

    motion: str = "auto"
    anchor: int = -1
    fit: str | None = None
    scale: float = 1.0
    offset: str = "0,0"
    repeat: str = "loop"

    def values(self) -> dict[str, Value]:
        """Raises RequestError."""
        try:
            across, down = (float(part) for part in self.offset.split(","))
        except ValueError:
            raise RequestError(f"--offset {self.offset}: expected DX,DY, such as 12,-40") from None
        fit: dict[str, Value] = {} if self.fit is None else {"fit": self.fit}
        return fit | {
            "motion": self.motion,
            "anchor": self.anchor,
            "scale": self.scale,
            "offset_x": across,
            "offset_y": down,
            "repeat": self.repeat,
        }


@dataclass(frozen=True)
class Look:
    """How it is matched to the shot; the words are those of inpaint.replace.PARAMETERS."""

    light: float | None = None
    tone: float = 0.5
    grain: bool = True
    motion_blur: bool = True
    shutter: float = -1.0
    sharpness: bool = True
    shadow: float = 0.0
    occlusion: bool = True
    seed: int = 0

    def values(self) -> dict[str, Value]:
        return asdict(self) | {"light": self.light is None or self.light > 0}


@dataclass(frozen=True)
class Wish:
    """What goes where: exactly one of a file ``with_``, words and a background. ``model`` is for words."""

    with_: Path | None = None
    prompt: str | None = None
    background: str | None = None
    placing: Placing = Placing()
    look: Look = Look()
    model: str = "auto"
    grow: int | None = None
    receipt: Path | None = None
    memory: float | None = None

    def check(self, choice: Choice) -> None:
        """Find out before the work what cannot be done. Raises RequestError, OutputError and EngineNotReadyError."""
        given = [word for word in (self.with_, self.prompt, self.background) if word is not None]
        if len(given) != 1:
            raise RequestError("say what to put in: one of --with IMAGE|CLIP, --prompt TEXT, --background IMAGE|COLOUR")
        if self.background is not None:
            open_background(self.background, str(self.backing()["repeat"]))
        elif self.prompt is not None:
            self.settings()
            self._check_words(self.prompt, choice)
        elif self.with_ is not None:
            open_insert(self.with_, self.settings().repeat)
            ready_inpainter(choice.inpainter)
        check_memory(self.memory)
        if self.receipt is not None:
            check_writable(self.receipt)

    def _check_words(self, prompt: str, choice: Choice) -> None:
        from inpaint.generate import ready_model

        if not prompt.strip():
            raise RequestError("--prompt is empty: say in words what to put in the objects' place")
        ready_model(self.model, choice.device)

    def settings(self) -> ReplaceSettings:
        """Of a replacement of the objects. Raises RequestError."""
        return ReplaceSettings(**settled(PARAMETERS, self.placing.values() | self.look.values(), "replace"))  # type: ignore[arg-type]

    def backing(self) -> dict[str, Value]:
        """Of a replacement of all else. Raises RequestError."""
        given: dict[str, Value] = {"repeat": self.placing.repeat, "light": self.look.light or 0.0}
        if self.placing.fit is not None:
            given["fit"] = self.placing.fit
        values = settled(BACKGROUND_PARAMETERS, given, "replace --background")
        return {name: value for name, value in values.items() if name != "background"}


def replace(asked: Asked, output: Path, wish: Wish, codec: str | None = None) -> str:
    """The video with something else in the objects' place, or behind them."""
    new = [Path(word) for word in (wish.with_, wish.background) if word is not None]
    check_beside(asked, output, new, wish.receipt)
    written_as = choose_codec(output, codec)
    wish.check(asked.choice)

    def check(source: FrameSource, frames: range) -> None:
        if wish.with_ is not None:
            check_anchor(wish.placing.anchor, frames)
        warn_of_alpha(asked.path, source)

    with found(asked, output, check) as work:
        pictures = deepened(work.source) if written_as.deepest > PLAIN_BITS else work.source
        made = _made(work, pictures, asked.choice, wish)
        shown = with_progress(made.frames, made.doing, len(work.frames))
        write_video(shown, output, like=pictures, codec=codec)
        if wish.receipt is not None:
            write_receipt(pictures, output, wish.receipt, holes=made.changed, frames=work.frames).require()
    return f"{output}: {len(work.frames)} frames, {objects_in_words(work.masklets)} {made.words()}"


@dataclass(frozen=True)
class _Made:
    """New frames, how that is called while it is done, what may differ, and what is said of it in the end."""

    frames: Iterable[Frame]
    doing: str
    changed: ChangedPart | None
    done: str
    by: Replacement | None = None

    def words(self) -> str:
        if self.by is None:
            return self.done
        moves = dict.fromkeys(f"{course.model} from frame {course.anchor}" for course in self.by.courses)
        shutters = ", ".join(dict.fromkeys(f"{course.shutter:.0f}" for course in self.by.courses))
        return f"{self.done}; followed as {', '.join(moves)}; shutter {shutters} degrees"


def _made(work: Found, pictures: FrameSource, choice: Choice, wish: Wish) -> _Made:
    masklets, span = list(work.masklets.values()), work.frames
    if wish.background is not None:
        frames = replace_background(
            pictures,
            masklets,
            wish.background,
            start=span.start,
            stop=span.stop,
            **wish.backing(),  # type: ignore[arg-type]
        )
        return _Made(frames, "replacing", None, f"kept, the rest replaced by {wish.background}")
    if wish.prompt is not None:
        return _by_words(masklets, pictures, choice, wish, span)
    assert wish.with_ is not None
    run = Replacement(
        pictures,
        masklets,
        wish.with_,
        wish.settings(),
        inpainter=INPAINTERS.get(choice.inpainter, "inpainter").load(choice.device),
        grow=BY_SIZE if wish.grow is None else wish.grow,
        start=span.start,
        stop=span.stop,
        memory=wish.memory,
    )
    return _Made(_measured(run), "replacing", run, f"replaced by {wish.with_}", run)


def _measured(run: Replacement) -> Iterator[Frame]:
    """The frames, after a first look at the shot that has a bar of its own."""
    for _ in with_progress(run.measure(), "following", run.steps):
        pass
    yield from run.frames()


def _by_words(masklets: list[Masklet], pictures: FrameSource, choice: Choice, wish: Wish, span: range) -> _Made:
    from inpaint.generate import generate

    assert wish.prompt is not None
    grow = PAINTED if wish.grow is None else wish.grow
    frames = generate(
        pictures,
        masklets,
        prompt=wish.prompt,
        model=wish.model,
        seed=wish.look.seed,
        grow=grow,
        start=span.start,
        stop=span.stop,
        device=choice.device,
    )
    return _Made(frames, "painting", holes_of(masklets, pictures.info.size, grow), f"replaced by '{wish.prompt}'")
