"""The jobs that make new pictures of the video, one for each operation of the catalogue.

Each is checked when it is made, so that what cannot be done is refused at once. It works on the masks as they are when
it begins, reads the video by itself, and leaves one step in the history. To add one: a class here, a row in EDITS, and
an entry in the catalogue.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from inpaint.effects import Effect as OneEffect
from inpaint.effects import chosen_effects, with_effects
from inpaint.effects.base import Original
from inpaint.effects.taking import Remove as Erased
from inpaint.holes import Holes, holes_of, require_visible
from inpaint.removal import removed
from plugin.catalogue import EFFECT, REMOVE, REPLACE, REPLACE_BACKGROUND, REPLACE_WORDS, settled
from plugin.link import wire
from plugin.stepwise import Pace, stepwise
from plugin.worker import asked
from plugin.worker.edited import FILE, OPERATION, forget_others, new_file, write_changes, write_differences
from plugin.worker.opened import OpenSession
from plugin.worker.origins import described, kept_origins
from plugin.worker.tasks import Work, frames_of, masklets_of, named
from plugin.worker.watched import WatchedSource
from tam_core.errors import RequestError
from tam_core.masklet import Masklet
from tam_core.registry import EngineSpec, Parameter, Value
from tam_core.types import ObjectId
from tam_core.video import Frame

if TYPE_CHECKING:
    from inpaint.replace import Replacement
    from plugin.worker.worker import Worker


class Edit(Work):
    """What they have in common. ``fills``: whether an inpainter's parameters are among those that can be given."""

    verb: ClassVar[str]
    parameters: ClassVar[Sequence[Parameter]]
    fills: ClassVar[bool] = False

    def __init__(self, worker: "Worker", opened: OpenSession, request: wire.RemoveRequest) -> None:
        super().__init__(worker, opened, request)
        self._row = asked.filler_row(request.inpainter, worker)
        known = asked.together(self.parameters, self._row.parameters if self.fills else ())
        self._values = settled(known, request.parameters, f"'{self.kind}' with {self._row.name}")
        asked.check_model(str(self._values.get("model", "")), worker)
        self.gated = self.fills and asked.needs_gate(self._row)
        self._frames = frames_of(opened, request.start, request.stop)
        self.total = len(self._frames)
        with opened.lock:
            masklets = masklets_of(opened.session, request.objects)
            self.title = f"{self.verb} {named(opened.session, request.objects)}"
        require_visible(holes_of(masklets.values(), next(iter(masklets.values())).size, 0, 0), self._frames)
        self._check(opened, list(masklets.values()))

    def _check(self, opened: OpenSession, masklets: list[Masklet]) -> None:
        """Raise TamError for what can be known to be wrong before the work."""

    def _pictures(self, opened: OpenSession, masklets: list[Masklet], pace: Pace) -> Iterator[Frame]:
        """The new frames; ``pace`` is told how many steps are done."""
        raise NotImplementedError

    def _write(
        self, opened: OpenSession, masklets: list[Masklet], file: Path, pace: Pace
    ) -> Generator[None, None, None]:
        """Write the edit's file, step by step."""
        sources = opened.open_source().frames(self._frames.start, self._frames.stop)
        yield from write_differences(self._pictures(opened, masklets, pace), sources, file, pace)

    def run(self) -> Iterator[int]:
        """Steps that are done, a few times a second."""
        pace = Pace()
        with self._worker.sessions.using(self._id) as opened:
            with opened.lock:
                masklets = masklets_of(opened.session, self.request.objects)
            file = new_file(opened.project.files())
            with closing(self._write(opened, list(masklets.values()), file, pace)) as writing:
                for _ in writing:
                    yield int(pace.done)
            self._record(opened, masklets, file)
            yield self.total or 0
        self.result = f"{self.title}: {len(self._frames)} frames{self._said(file)}"

    def _said(self, file: Path) -> str:
        """What else there is to say of the result."""
        return ""

    def _loaded(self, row: EngineSpec) -> object:
        return row.load(self._worker.device, **asked.of_loader(row, self._values))

    def _record(self, opened: OpenSession, masklets: Mapping[ObjectId, Masklet], file: Path) -> None:
        frames = self._frames
        made: dict[str, Value] = {**self._values, OPERATION: self.kind, FILE: file.name}
        with opened.lock:
            opened.session.removed(self._row.name, masklets, frames.start, frames.stop, made, masklets)
            forget_others(file.parent, opened.session.commands)
        self._worker.sessions.tell(opened)


class Remove(Edit):
    """Takes objects away, and keeps where the pixels in their place are from."""

    kind, verb, parameters, fills = "remove", "remove", REMOVE, True

    def _check(self, opened: OpenSession, masklets: list[Masklet]) -> None:
        asked.memory_of(self._values)

    def _write(
        self, opened: OpenSession, masklets: list[Masklet], file: Path, pace: Pace
    ) -> Generator[None, None, None]:
        if self._values["shadow"]:
            masklets = [*masklets, *(yield from self._shadows(opened, masklets))]
        holes = self._holes(masklets)
        run = removed(
            opened.open_source(),
            masklets,
            inpainter=self._loaded(self._row),  # type: ignore[arg-type]
            grow=holes.grow,
            feather=holes.feather,
            start=self._frames.start,
            stop=self._frames.stop,
            check=pace,
            memory=asked.memory_of(self._values),
        )
        with closing(run), closing(kept_origins(run, file)) as kept:
            yield from write_changes((one.frame for one in kept), holes, file, pace)

    def _shadows(self, opened: OpenSession, masklets: list[Masklet]) -> Generator[None, None, list[Masklet]]:
        """The shadows that move with the objects. No progress is told meanwhile, but it can be stopped."""
        from tam_core.shadow import shadow_masklets

        found: list[Masklet] = []
        looking = Pace()
        source = WatchedSource(opened.open_source(), looking)
        span = self._frames

        def look(_: Iterator[None]) -> None:
            found.extend(shadow_masklets(source, masklets, span.start, span.stop))

        nothing: Iterable[None] = ()
        yield from stepwise(look, nothing, looking)
        return found

    def _holes(self, masklets: Iterable[Masklet]) -> Holes:
        chosen = list(masklets)
        return holes_of(chosen, chosen[0].size, int(self._values["grow"]), int(self._values["feather"]))

    def _said(self, file: Path) -> str:
        return f", {described(file).words}"


class Replace(Edit):
    """Puts a picture or a clip in the objects' place."""

    kind, verb, parameters, fills = "replace", "replace", REPLACE, True

    def _check(self, opened: OpenSession, masklets: list[Masklet]) -> None:
        self.total = self._replacement(opened, masklets, "plate").steps + len(self._frames)

    def _pictures(self, opened: OpenSession, masklets: list[Masklet], pace: Pace) -> Iterator[Frame]:
        work = self._replacement(opened, masklets, self._loaded(self._row))
        for done, _ in enumerate(work.measure()):
            pace(done)
        steps = work.steps
        yield from work.frames(lambda done: pace(steps + done))

    def _replacement(self, opened: OpenSession, masklets: list[Masklet], inpainter: object) -> "Replacement":
        from inpaint.replace import PARAMETERS, Replacement, ReplaceSettings

        values = self._values
        settings = ReplaceSettings(**{one.name: values[one.name] for one in PARAMETERS})  # type: ignore[arg-type]
        return Replacement(
            opened.open_source(),
            masklets,
            asked.file_of(str(values["insert"]), "what to put in the objects' place (insert)", self._worker),
            settings,
            inpainter=inpainter,  # type: ignore[arg-type]
            grow=int(values["grow"]),
            start=self._frames.start,
            stop=self._frames.stop,
            memory=asked.memory_of(values),
        )


class ReplaceWords(Edit):
    """Puts what words say in the objects' place, by a diffusion model."""

    kind, verb, parameters, gated = "replace-words", "replace in words", REPLACE_WORDS, True

    def __init__(self, worker: "Worker", opened: OpenSession, request: wire.RemoveRequest) -> None:
        super().__init__(worker, opened, request)
        self.gated = True

    def _check(self, opened: OpenSession, masklets: list[Masklet]) -> None:
        from inpaint.generate import choose_model
        from inpaint.pipelines import require_diffusers
        from tam_core.hub import require_pipeline

        if not str(self._values["prompt"]).strip():
            raise RequestError("say in words what to put in the objects' place (prompt)")
        require_diffusers()
        model = str(self._values["model"])
        require_pipeline(choose_model(self._worker.device) if model == "auto" else model)

    def _pictures(self, opened: OpenSession, masklets: list[Masklet], pace: Pace) -> Iterator[Frame]:
        from inpaint.generate import generate

        frames = self._frames
        yield from generate(
            opened.open_source(),
            masklets,
            **self._values,  # type: ignore[arg-type]
            start=frames.start,
            stop=frames.stop,
            device=self._worker.device,
            check=pace,
        )


class ReplaceBackground(Edit):
    """Puts a picture, a clip or a colour behind the objects."""

    kind, verb, parameters = "replace-background", "replace all but", REPLACE_BACKGROUND

    def _check(self, opened: OpenSession, masklets: list[Masklet]) -> None:
        self._pictures(opened, masklets, Pace())

    def _pictures(self, opened: OpenSession, masklets: list[Masklet], pace: Pace) -> Iterator[Frame]:
        from inpaint.replace import replace_background

        values = self._values
        frames = replace_background(
            opened.open_source(),
            masklets,
            asked.file_or_colour(str(values["background"]), "what to put behind (background)", self._worker),
            fit=str(values["fit"]),
            repeat=str(values["repeat"]),
            light=float(values["light"]),
            start=self._frames.start,
            stop=self._frames.stop,
        )
        return counted(frames, pace)


class Effect(Edit):
    """Puts an effect on the objects, and one on all else."""

    kind, verb, parameters = "effect", "effect on", EFFECT

    def _check(self, opened: OpenSession, masklets: list[Masklet]) -> None:
        top, under = self._effects()
        if isinstance(top, Original) and isinstance(under, Original):
            raise RequestError("say what to do: choose an effect for the object, for the background, or for both")
        self.gated = isinstance(top, Erased) and asked.needs_gate(asked.filler_row(top.inpainter, self._worker))

    def _pictures(self, opened: OpenSession, masklets: list[Masklet], pace: Pace) -> Iterator[Frame]:
        top, under = self._effects()
        frames = with_effects(
            opened.open_source(),
            masklets,
            top,
            under,
            feather=float(self._values["feather"]),
            soft=bool(self._values["soft"]),
            start=self._frames.start,
            stop=self._frames.stop,
            check=pace,
        )
        return frames if isinstance(top, Erased) else counted(frames, pace)

    def _effects(self) -> tuple[OneEffect, OneEffect]:
        """Of the objects and of all else. What fills an erased object can be chosen as the request's ``inpainter``.

        Only there may it come with a weight file, which is checked then.
        """
        if "inpainter" in str(self._values["object_value"]):
            raise RequestError("object_value names an inpainter: choose it as the request's 'inpainter' instead")
        top, under = chosen_effects(self._values)
        if isinstance(top, Erased) and self.request.inpainter != "auto":
            top = Erased(self.request.inpainter, top.grow)
        return top, under


def counted(frames: Iterable[Frame], pace: Pace) -> Iterator[Frame]:
    """The same frames, each of which is a step."""
    for done, frame in enumerate(frames, 1):
        yield frame
        pace(done)


EDITS: dict[str, type[Edit]] = {one.kind: one for one in (Remove, Replace, ReplaceWords, ReplaceBackground, Effect)}
"""By the operation's name."""
