"""Kills the worker (SIGKILL) again and again while a person works, and looks whether anything is lost.

    python -m tests.benchmarks.kill_benchmark [--kills 50] [--seed 0] [--longest 3] [--folder FOLDER]

The person (see ``user.py``) opens a video, clicks, tracks, labels, undoes and does again, corrects, tracks again,
removes, exports, drops; and begins anew with a copy of the video. The moments are drawn from 0 .. ``--longest``
seconds; before every fifth life another kill meets the worker while it starts. After each kill every database is sound
and no result is half written, and the next worker knows every command that was answered, every mask that was told, and
every export that was said to be done. A command that was under way has happened wholly or not at all; a job is there,
paused, and is resumed.

Prints a line for each kill and a summary. Ends with exit code 1 when something was lost.
"""

import argparse
import collections
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from plugin.link.errors import WorkerGone
from plugin.link.launch import find_or_start, open_folder
from tests.benchmarks.acknowledged import half_written
from tests.benchmarks.service import SERVE, STARTS_WITHIN, serving, stopping, wait_until_gone, worker_pid
from tests.benchmarks.user import FRAMES, Lost, User
from tests.media import make_video
from tests.scenes import crossing, texture

EARLY = 5
STARTING = 2.5
"""Seconds in which a worker starts, about."""


def make_clip(path: Path) -> None:
    """A disc goes to the right, a square goes down."""
    frames = crossing(FRAMES).frames.copy()
    square = texture(3, (40, 70, 200), 20, 20)
    for index, frame in enumerate(frames):
        frame[14 + 2 * index : 34 + 2 * index, 70:90] = square
    make_video(path, np.ascontiguousarray(frames))


def kill(data: Path, moment: float) -> threading.Thread:
    """The worker is killed so many seconds from now."""
    pid = worker_pid(data)

    def strike() -> None:
        time.sleep(moment)
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)

    thread = threading.Thread(target=strike)
    thread.start()
    return thread


def kill_while_starting(data: Path, moment: float) -> None:
    """A worker that nobody has asked anything yet."""
    process = subprocess.Popen(
        [*SERVE, "--data", str(data)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(moment)
    process.kill()
    process.wait()


def broken_databases(data: Path) -> list[str]:
    """Complaints of SQLite about copies of what the dead worker left."""
    said = []
    with tempfile.TemporaryDirectory() as folder:
        for file in [path for path in data.rglob("*") if path.is_file()]:
            with file.open("rb") as opened:
                if opened.read(15) != b"SQLite format 3":
                    continue
            for part in file.parent.glob(f"{file.name}*"):  # with its journal
                shutil.copyfile(part, Path(folder) / part.name)
            with contextlib.closing(sqlite3.connect(Path(folder) / file.name)) as copy:
                (answer,) = copy.execute("PRAGMA integrity_check").fetchone()
            said += [f"{file.relative_to(data)}: {answer}"] if answer != "ok" else []
    return said


def life(user: User, data: Path, moment: float) -> str:
    """Start a worker, look whether all is there, work until it is killed; says what the kill met."""
    client = find_or_start(command=SERVE, data=data, timeout=STARTS_WITHIN)
    try:
        kept = user.check(client)
        striker = kill(data, moment)
        try:
            with contextlib.suppress(WorkerGone):
                user.go_on()
        finally:
            striker.join()
    finally:
        client.close()
    complaints = broken_databases(data) + half_written(user.results, FRAMES)
    if complaints:
        raise Lost("; ".join(complaints))
    return kept


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=3)
    parser.add_argument("--folder", type=Path, help="keep everything there")
    chosen = parser.parse_args()
    with contextlib.ExitStack() as stack:
        home = (chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))).resolve()
        stack.enter_context(stopping(home / "data"))
        sys.exit(not run(home, chosen.kills, random.Random(chosen.seed), chosen.longest))


def run(home: Path, kills: int, chance: random.Random, longest: float) -> bool:
    """Whether nothing was lost."""
    data, met = home / "data", collections.Counter[str]()
    for name in ("videos", "results"):
        (home / name).mkdir(parents=True)
        open_folder(home / name, data)
    make_clip(home / "videos/clip0.mp4")
    user = User(home / "videos", home / "results", random.Random(chance.random()))
    for number in range(1, kills + 1):
        if number % EARLY == 0:
            kill_while_starting(data, chance.uniform(0, STARTING))
        moment = chance.uniform(0, longest)
        try:
            kept = life(user, data, moment)
        except Lost as error:
            print(f"kill {number - 1}: LOST in round {user.round}, at {user.step}: {error}")
            return False
        met[user.step.split()[0]] += 1
        print(
            f"kill {number:3} after {moment:5.2f} s of round {user.round} met '{user.step}'; there before: {kept}",
            flush=True,
        )
    with serving(data, []) as client:
        print(f"the last one: {user.check(client)}")
    leftovers = len([path for path in user.results.glob("*/*") if path.name.startswith(".")])
    print(f"{kills} kills, nothing lost; {user.round} videos, {user.exports} exports; hidden leftovers: {leftovers}")
    print("the kills met: " + ", ".join(f"{name} {count}" for name, count in met.most_common()))
    return True


if __name__ == "__main__":
    main()
