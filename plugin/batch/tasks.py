"""What units do with files: a command as it is, and a part of one.

The files that words name are sent as their numbers among the inputs, for a unit may run where they have other paths.
"""

import io
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from plugin.batch.unit import Made
from plugin.batch.words import Word, checked_call, with_files
from tam_core.errors import TamError


@dataclass(frozen=True)
class Command:
    """``tam OPERATION``. The first input is the video; the file called ``./N`` in the words is input N."""

    operation: str
    words: tuple[Word, ...]

    def make(self, inputs: Sequence[Path], output: Path) -> Made:
        """Run the command. Raises what it raises."""
        from plugin.cli import app

        words = with_files(self.operation, self.words, lambda token: str(inputs[int(Path(token).name)]))
        call = checked_call(self.operation, str(inputs[0]), str(output), words)
        said, shown = io.StringIO(), io.StringIO()
        with redirect_stdout(said), redirect_stderr(shown):
            code = app(args=list(call.arguments), prog_name="tam", standalone_mode=False)
        if code:
            raise TamError(f"tam {self.operation} ended with {code}: {' '.join(shown.getvalue().split())[-500:]}")
        answer = said.getvalue().strip().replace(f"{output.parent}/", "")
        return Made(_frames(inputs[0], call.given.get("start") or 0, call.given.get("stop")), answer)


def _frames(path: Path, start: int, stop: int | None) -> int:
    from tam_core.video import open_video

    count = open_video(path).info.frame_count or 0
    return (count if stop is None else stop) - start
