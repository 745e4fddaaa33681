"""One session of the worker as it is known here: its state, and the masks and prompts of the frames seen so far.

It asks nobody: the studio hands it what the worker says, and asks for what it says is missing.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..link import wire
from ..link.events import Mailbox

BLOCK = 24
"""Frames whose masks are asked for at once."""
OVERHEAD = 200
"""Bytes that Python takes for a mask besides its code."""
ACTIVE = ("queued", "running")


@dataclass
class OpenSession:
    """``masks``: source frame -> object -> mask; one without pixels says that the object was not visible.

    ``prompts``: source frame -> what the user said there. ``candidates``: the last answer to a prompt. ``times``:
    seconds of every frame. For masks that are not there yet, call ``Studio.want(session, frame)``.
    """

    target_key: str
    id: str
    state: wire.SessionState
    mailbox: Mailbox | None = None
    times: tuple[float, ...] = ()
    masks: dict[int, dict[int, wire.Rle]] = field(default_factory=dict)
    prompts: dict[int, list[wire.Prompt]] = field(default_factory=dict)
    candidates: wire.PromptAnswer | None = None
    told: deque[wire.Event] = field(default_factory=deque)
    asked_blocks: set[int] = field(default_factory=set)
    outdated: bool = False
    opens_again: bool = False

    def close(self) -> None:
        """Nothing comes any more."""
        if self.mailbox:
            self.mailbox.close()
        self.mailbox = None
        self.told.clear()

    @property
    def jobs(self) -> list[wire.Job]:
        """Those that run, wait or are paused."""
        return [job for job in self.state.jobs if job.status in (*ACTIVE, "paused")]

    @property
    def works(self) -> bool:
        """Whether a job runs or waits for its turn."""
        return any(job.status in ACTIVE for job in self.state.jobs)

    def object(self, object_id: int) -> wire.ObjectState | None:
        return next((one for one in self.state.objects if one.object_id == object_id), None)

    def take_state(self, state: wire.SessionState) -> None:
        """Unless something newer is known. A job that is known to be over stays over."""
        if state.revision < self.state.revision:
            return
        self.outdated = self.outdated or state.revision != self.state.revision
        over = {job.id: job for job in self.state.jobs if job.status not in (*ACTIVE, "paused")}
        self.state = replace(state, jobs=[over.get(job.id, job) for job in state.jobs])
        self.refresh()

    def take_job(self, job: wire.Job) -> bool:
        """True if it has just come to rest, so that the state has to be asked for."""
        known = {one.id: one for one in self.state.jobs}
        rested = job.status not in ACTIVE and (job.id not in known or known[job.id].status in ACTIVE)
        self.state = replace(self.state, jobs=list((known | {job.id: job}).values()))
        self.outdated = self.outdated or rested
        self.refresh()
        return rested

    def take_answer(self, answer: wire.PromptAnswer, asked: wire.PromptRequest) -> None:
        """What came of a prompt; all of the frame is asked for again by and by."""
        self.take_state(answer.state)
        self.candidates = answer
        self.learn(answer.frame, answer.masks)
        objects = {prompt.object_id for prompt in asked.prompts}
        said = self.prompts.get(answer.frame, [])
        kept = [one for one in said if not (asked.replace and one.object_id in objects)]
        self.prompts[answer.frame] = [*kept, *asked.prompts]

    def learn(self, frame: int, masks: list[wire.ObjectMask]) -> None:
        """Masks of some objects of a frame."""
        self.masks[frame] = self.masks.get(frame, {}) | {one.object_id: one.rle for one in masks}

    def learn_block(self, span: range, told: list[wire.FrameMasks]) -> None:
        """All that is known of some frames; while a job finds more, what it told already is newer."""
        by_frame = {one.frame: one for one in told}
        for frame in span:
            one = by_frame.get(frame, wire.FrameMasks(frame, []))
            newer = self.masks.get(frame, {}) if self.works else {}
            self.masks[frame] = {mask.object_id: mask.rle for mask in one.masks} | newer
            self.prompts[frame] = list(one.prompts)

    def missing(self, frame: int) -> Iterator[range]:
        """Frames to ask for so that those at and after ``frame`` are known; each only once."""
        count = self.state.video.frame_count
        for block in (frame // BLOCK, frame // BLOCK + 1):
            if block not in self.asked_blocks and 0 <= block * BLOCK < count:
                self.asked_blocks.add(block)
                yield range(block * BLOCK, min((block + 1) * BLOCK, count))

    def shed(self, frame: int, most: int) -> None:
        """Forget the masks farthest from a frame, so that ``most`` bytes are left, in whole blocks."""
        blocks: dict[int, int] = {}
        for number, masks in self.masks.items():
            weight = sum(len(mask.counts) + OVERHEAD for mask in masks.values())
            blocks[number // BLOCK] = blocks.get(number // BLOCK, 0) + weight
        total = sum(blocks.values())
        for block in sorted(blocks, key=lambda one: abs(one - frame // BLOCK), reverse=True):
            if total <= most or abs(block - frame // BLOCK) <= 1:
                return
            total -= blocks[block]
            self.asked_blocks.discard(block)
            for number in range(block * BLOCK, (block + 1) * BLOCK):
                self.masks.pop(number, None)
                self.prompts.pop(number, None)

    def refresh(self) -> None:
        """After a change, what is known is shown until it has been asked for again; not while a job tells more."""
        if self.outdated and not self.works:
            self.outdated = False
            self.asked_blocks.clear()
