"""What goes wrong between a host and the worker. A host catches LinkError and shows its text: it says what to do.

LinkError               the worker refused, or could not; ``problem`` is what it said
├── WorkerGone          nobody answers there
└── ProtocolMismatch    a worker of another age: one of the two has to be updated
"""

from .wire import Problem


class LinkError(Exception):
    """``problem.type`` is the name of the worker's error, or of this one for what happened on this side."""

    def __init__(self, problem: Problem | str) -> None:
        self.problem = Problem(type(self).__name__, problem, 0) if isinstance(problem, str) else problem
        super().__init__(self.problem.message)


class WorkerGone(LinkError):
    """Nobody answers there, or no longer."""


class ProtocolMismatch(LinkError):
    """The worker speaks another version of the protocol."""
