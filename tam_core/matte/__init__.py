"""Soft mattes: how much of each pixel is the object, at source resolution, from a hard mask and the picture.

``soft_alpha`` for one picture, ``soft_alphas`` for a video (steady from frame to frame), ``decontaminated`` for the
object's own colours without the old background. ``trimap.py`` says where the mask leaves room for doubt, ``colours.py``
what the colours there say, ``closed_form.py`` is the slower and finer answer, ``steady.py`` smooths over time. No
network takes part, nothing is downloaded; it knows one object at a time and writes no file.
"""

from tam_core.matte.alpha import MatteSettings, soft_alpha
from tam_core.matte.foreground import decontaminated
from tam_core.matte.steady import SoftFrame, soft_alphas

__all__ = ["MatteSettings", "SoftFrame", "decontaminated", "soft_alpha", "soft_alphas"]
