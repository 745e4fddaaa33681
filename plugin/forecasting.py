"""What ``tam forecast`` does. Answers in words or in JSON."""

import json

from inpaint.forecast import forecast as forecast_removal
from inpaint.holes import BY_SIZE
from plugin.finding import Asked, found, ready_inpainter
from plugin.settings import check_memory


def forecast(asked: Asked, grow: int = BY_SIZE, memory: float | None = None, as_json: bool = False) -> str:
    """What removing the objects will be like."""
    check_memory(memory)
    row = ready_inpainter(asked.choice.inpainter)
    with found(asked, None) as work:
        told = forecast_removal(
            work.source,
            work.masklets.values(),
            inpainter=row.load(asked.choice.device),
            grow=grow,
            start=work.frames.start,
            stop=work.frames.stop,
            memory=memory,
        )
    return json.dumps(told.to_json(), indent=1) if as_json else told.in_words()
