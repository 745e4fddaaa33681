"""A person who works through a script, whatever becomes of the worker, and remembers what was answered."""

import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from plugin.exports import EXPORTS
from plugin.link import wire
from plugin.link.client import Client
from tests.benchmarks.acknowledged import Ledger, content
from tests.benchmarks.service import ENDED

FRAMES = 24
"""Of the video: a disc goes from x = 30 to x = 130 at y = 60, a square of 20 pixels goes down from (70, 14)."""
EXPORTED = 3
"""So many of the formats, drawn anew in each round."""


class Lost(Exception):
    """Something that was acknowledged is not there."""


@dataclass(frozen=True)
class Step:
    """``ask`` sends it. ``job`` is the kind of long work that it begins, and ``export`` the file that is written."""

    name: str
    ask: Callable[[Client, str], wire.PromptAnswer | wire.SessionState | wire.Job]
    job: str = ""
    export: Path | None = None


def script(results: Path, chance: random.Random) -> Iterator[Step]:
    """What a person does with a video."""
    first, later = chance.randrange(3, 8), chance.randrange(15, 21)
    tracked = Step("track", lambda client, session: client.track(session, wire.TrackRequest()), "track")
    yield _prompt("click", wire.Click(frame=first, object_id=1, x=_disc(first), y=60))
    yield _prompt("second click", wire.Click(frame=first, object_id=1, x=_disc(first) + 5, y=64))
    yield _prompt("box", wire.Box(frame=3, object_id=2, xyxy=(68, 18, 92, 42)))
    yield tracked
    label = wire.ObjectChange("the ball", "#12ab34")
    yield Step("label", lambda client, session: client.change_object(session, 1, label))
    yield from [UNDO, UNDO, REDO, REDO]
    yield _prompt("correction", wire.Click(frame=later, object_id=1, x=_disc(later), y=60))
    yield tracked
    yield Step("remove", lambda client, session: client.remove(session, wire.RemoveRequest([1])), "remove")
    for row in chance.sample(EXPORTS, EXPORTED):
        path = results / f"{row.name}{row.suffix}"
        export = wire.ExportRequest(row.name, str(path))
        yield Step(f"export {row.name}", partial(_export, export), "export", path)
    yield Step("drop", lambda client, session: client.drop_object(session, 2))
    yield UNDO


UNDO = Step("undo", Client.undo)
REDO = Step("redo", Client.redo)


def _prompt(name: str, prompt: wire.Prompt) -> Step:
    return Step(name, lambda client, session: client.prompt(session, wire.PromptRequest([prompt])))


def _export(asked: wire.ExportRequest, client: Client, session: str) -> wire.Job:
    return client.export(session, asked)


def _disc(frame: int) -> float:
    return 30 + 100 * frame / (FRAMES - 1)


class User:
    """``go_on`` works until the worker is gone; ``check`` compares the next one with what was acknowledged."""

    _client: Client
    _ledger: Ledger
    _steps: list[Step]
    """What is left of the script."""
    _session: str
    _asked: bool
    """The first step was sent, and not answered yet; or its job not ended."""
    _job: str

    def __init__(self, videos: Path, results: Path, chance: random.Random) -> None:
        """``videos`` holds clip0.mp4; a copy of it is made for each round of the script."""
        self.results = results
        self.round, self.exports = 0, 0
        self._videos, self._chance = videos, chance
        self._begin_anew()

    @property
    def step(self) -> str:
        """What is to be done now, or was when the worker went."""
        return self._steps[0].name if self._steps else "open"

    def check(self, client: Client) -> str:
        """Whether this worker knows what earlier ones have acknowledged: says what is there. Raises Lost."""
        self._client = client
        self._open()
        at_work = bool(self._asked and self._steps[0].job)
        complaints, done = self._complaints(at_work), ""
        if complaints and self._asked and not at_work:
            self._take_back()  # perhaps it was done, and nobody was told
            if not self._complaints(at_work):
                complaints, done = [], ", and the command that nobody was told of"
            self._take_back(again=True)
            self._steps.pop(0)
            self._look()
        if complaints:
            raise Lost("; ".join(complaints))
        if not at_work:
            self._asked = False
        return f"{len(self._ledger.masks)} masks, {len(self._ledger.exports)} exports{self._job_status()}{done}"

    def go_on(self) -> None:
        """Until WorkerGone."""
        while True:
            if not self._steps:
                self._begin_anew()
                self._open()
            step = self._steps[0]
            (self._work if step.job else self._command)(step)

    def _begin_anew(self) -> None:
        self.round += 1
        self._video = self._videos / f"clip{self.round}.mp4"
        shutil.copyfile(self._videos / "clip0.mp4", self._video)
        results = self.results / str(self.round)
        results.mkdir()
        self._steps = list(script(results, self._chance))
        self._ledger, self._session, self._job, self._asked = Ledger(), "", "", False

    def _open(self) -> None:
        state = self._client.open(wire.OpenRequest(str(self._video), engine="flow", segmenter="grabcut"))
        if self._session not in ("", state.id):
            raise Lost(f"session {self._session} is now {state.id}")
        self._session = state.id

    def _command(self, step: Step) -> None:
        self._asked = True
        answer = step.ask(self._client, self._session)
        self._asked = False
        self._steps.pop(0)
        if isinstance(answer, wire.PromptAnswer):
            self._ledger.set(answer.state, [wire.FrameMasks(answer.frame, answer.masks)])
        elif isinstance(answer, wire.SessionState):
            self._ledger.set(answer, [])
        self._look()

    def _work(self, step: Step) -> None:
        mailbox = self._client.events(self._session)
        try:
            job = self._begun(step)
            while job is not None and job.status not in ENDED:
                for event in mailbox.take():
                    if isinstance(event, wire.MasksEvent):
                        self._ledger.see(event)
                time.sleep(0.02)
                job = self._client.job(job.id)
        finally:
            mailbox.close()
        if job is not None and job.status != "done":
            raise Lost(f"'{job.title}' is {job.status}: {job.problem.message if job.problem else job.result}")
        self._steps.pop(0)
        self._asked, self._job, self._ledger.state = False, "", None
        if step.export:
            self._ledger.exports[step.export] = content(step.export)
            self.exports += 1
        self._look()
        self._check_result(step)

    def _begun(self, step: Step) -> wire.Job | None:
        """The job of the step, asked for or resumed. None if it ended and only the news of that was lost."""
        paused = {
            job.id: job
            for job in self._client.jobs()
            if job.session_id == self._session and job.kind == step.job and job.status == "paused"
        }
        if self._job and self._job not in paused:
            return None
        self._ledger.firm.clear()  # where it goes on, it may find the same frames again
        if self._asked and paused:
            self._job = self._job or next(iter(paused))
            return self._client.resume_job(self._job)
        self._asked = True
        job = step.ask(self._client, self._session)
        assert isinstance(job, wire.Job)
        self._job = job.id
        return job

    def _check_result(self, step: Step) -> None:
        """A job that has ended has done all that it was to do."""
        state = self._ledger.state
        assert state is not None
        if step.job == "track":
            for one in state.objects:
                seen = sum(span.stop - span.start for span in one.lane)
                if one.stale or seen != FRAMES:
                    raise Lost(f"object {one.object_id} is tracked on {seen} of {FRAMES} frames, stale: {one.stale}")
        if step.job == "remove":
            if state.removal is None or state.removal.outdated:
                raise Lost(f"the removal is {state.removal}")
            self._client.frame(self._session, FRAMES // 2, of="removal")

    def _look(self) -> None:
        """Ask for everything, so that everything is acknowledged."""
        self._ledger.set(self._client.state(self._session), self._client.masks(self._session))

    def _complaints(self, at_work: bool) -> list[str]:
        state, masks = self._client.state(self._session), self._client.masks(self._session)
        return self._ledger.complaints(state, masks, at_work)

    def _take_back(self, again: bool = False) -> None:
        """The opposite of the command under way; ``again``: the opposite of that."""
        redo = (self._steps[0].name == "undo") != again
        (self._client.redo if redo else self._client.undo)(self._session)

    def _job_status(self) -> str:
        if not self._job:
            return ""
        known = {job.id: job for job in self._client.jobs()}
        if self._job not in known:
            return ", job done"
        if known[self._job].status != "paused":
            raise Lost(f"job {self._job} was under way and is {known[self._job].status}, not paused")
        return ", job paused"
