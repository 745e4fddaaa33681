"""Evidence -> mask: a graph cut that follows the picture's edges.

OpenCV has one max-flow solver in reach of Python, inside ``cv2.grabCut``, whose data term is a colour model. We give it
a picture whose first channel *is* the evidence, and two frozen one-Gaussian models along that channel with equal
variance: their log ratio is linear in the evidence, and the other two channels keep the picture's edges.
"""

import cv2
import numpy as np
import numpy.typing as npt

from tam_core.types import FloatMap, Mask, Pixels

CERTAIN = 5.0
"""Log-odds beyond which a pixel is not asked again."""
SPAN = 60
"""Grey levels of the evidence channel: small beside real edges, fine enough for -5..5."""
UNARY = 250.0
"""Cost of going against certain evidence; grabCut charges up to 50 for cutting between two alike neighbours."""


def cut(evidence: FloatMap, lab: Pixels) -> Mask:
    """The mask (h, w) for log-odds (h, w) over the picture (h, w, 3)."""
    levels = np.clip((evidence / CERTAIN + 1) * (SPAN / 2), 0, SPAN).astype(np.uint8)
    labels = np.where(evidence > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[levels == 0] = cv2.GC_BGD
    labels[levels == SPAN] = cv2.GC_FGD
    both = np.ptp(labels & 1) > 0  # grabCut refuses to work with one side only
    if both:
        picture = np.dstack([levels, lab[..., 0], livelier_chroma(lab)])
        cv2.grabCut(picture, labels, None, gaussian(0), gaussian(SPAN), 1, cv2.GC_EVAL_FREEZE_MODEL)
    result: Mask = (labels & 1).astype(bool)
    return result


def livelier_chroma(lab: Pixels) -> npt.NDArray[np.uint8]:
    """a or b (h, w) uint8, whichever varies more, contrast doubled to match lightness."""
    chroma = lab[..., 1:].astype(np.float32)
    channel = int(np.argmax(chroma.std(axis=(0, 1))))
    return np.clip(2 * chroma[..., channel] - 128, 0, 255).astype(np.uint8)


def gaussian(mean: float) -> npt.NDArray[np.float64]:
    """grabCut's model of five Gaussians (1, 65), only the first in use: narrow in channel 0, blind to the others."""
    variance = SPAN**2 / (2 * UNARY)
    model = np.zeros((1, 65))
    model[0, 0] = 1
    model[0, 5:8] = (mean, 128, 128)
    model[0, 20:29] = np.diag([variance, 1e6, 1e6]).ravel()
    return model
