"""After a cut: ask the person whether an object is where it was seen again, or say how to follow it there."""

import sys

import typer

from plugin.progress import with_progress
from tam_core.reacquire import SURE, AcrossCuts, Proposal
from tam_core.session import Session


def settle_proposals(session: Session, across_cuts: AcrossCuts) -> None:
    """With "ask" at a terminal, track the shots that the person agrees to; otherwise print a line for each."""
    for proposal in session.proposals:
        if across_cuts != "ask" or not at_a_terminal():
            print(f"tam: {_said(session, proposal)}; {_advice(proposal, across_cuts)}", file=sys.stderr)
        elif typer.confirm(f"{_said(session, proposal)}. Follow it there?", default=proposal.score >= SURE, err=True):
            session.accept(proposal)
            _track_shot(session, proposal)
        else:
            session.reject(proposal)


def at_a_terminal() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _track_shot(session: Session, proposal: Proposal) -> None:
    objects, start, stop = [proposal.object_id], proposal.shot.start, proposal.shot.stop
    steps = session.steps(objects=objects, start=start, stop=stop)
    found = session.propagate(objects=objects, start=start, stop=stop, across_cuts="stop")
    for _ in with_progress(found, "tracking", steps):
        pass


def _said(session: Session, proposal: Proposal) -> str:
    times = session.source.info.times
    assert times is not None, "a file knows its times"
    minutes, seconds = divmod(float(times[proposal.frame]), 60)
    frame = f"frame {proposal.frame} ({minutes:.0f}:{seconds:05.2f})"
    return f"object {proposal.object_id} may be at {_box(proposal)} on {frame} after a cut, score {proposal.score:.2f}"


def _advice(proposal: Proposal, across_cuts: AcrossCuts) -> str:
    here = f"to follow it there: --box {proposal.object_id}:{_box(proposal)}@{proposal.frame}"
    return f"{here}, or --across-cuts auto" if across_cuts == "ask" and proposal.score >= SURE else here


def _box(proposal: Proposal) -> str:
    assert proposal.code.box is not None, "a proposal has a mask"
    return ",".join(f"{side:.0f}" for side in proposal.code.box)
