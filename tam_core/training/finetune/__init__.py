"""SAM 2.1 and EdgeTAM taught further on a person's own masklets, as SAM 2 was trained (arXiv 2408.00714, section D.2).

``finetune`` in ``loop.py`` is the whole of it.
"""

from tam_core.training.finetune.loop import finetune
from tam_core.training.finetune.plan import FinetunePlan, Progress

__all__ = ["FinetunePlan", "Progress", "finetune"]
