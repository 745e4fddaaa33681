"""What ``tam forecast`` does. Answers in words or in JSON."""

import json
from pathlib import Path

from inpaint.engines import INPAINTERS
from inpaint.forecast import forecast as forecast_removal
from plugin.arguments import PromptArguments
from plugin.finding import Choice, found


def forecast(
    path: Path,
    prompts: PromptArguments,
    masks: Path | None,
    choice: Choice,
    grow: int = 4,
    memory: float | None = None,
    project: Path | None = None,
    as_json: bool = False,
) -> str:
    """Prompts, masks or what a project knows -> what removing the objects will be like."""
    row = INPAINTERS.get(choice.inpainter, "inpainter")
    with found(path, None, prompts, masks, choice, project) as work:
        told = forecast_removal(
            work.source,
            work.masklets.values(),
            inpainter=row.load(choice.device),
            grow=grow,
            start=work.frames.start,
            stop=work.frames.stop,
            memory=memory,
        )
    return json.dumps(told.to_json(), indent=1) if as_json else told.in_words()
