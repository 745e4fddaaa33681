"""How far masks can be trusted, and which one a person should look at next. Measures only: no mask is changed here.

``looks`` is what is kept of a picture and of an object's colours, ``judge`` measures masks against what it has seen of
their object, ``lane`` does so beside any tracker, and ``review`` weighs passes and picks the frame to fix.
"""

from tam_core.quality.judge import Judge, Verdict
from tam_core.quality.lane import Watched
from tam_core.quality.review import agreed, next_frame_to_fix

__all__ = ["Judge", "Verdict", "Watched", "agreed", "next_frame_to_fix"]
