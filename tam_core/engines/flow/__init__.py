"""The tracker that needs no download: optical flow, colour and texture memory, motion against the camera, a graph cut.

``view`` is what is kept of a picture, ``memory`` what an object and its surroundings look like, ``evidence`` what
speaks for and against each pixel, ``cut`` turns evidence into a mask, ``search`` finds a lost object again, and
``tracker`` carries objects from frame to frame with all of them.
"""

from tam_core.engines.flow.tracker import FlowTracker


def load(device: str = "cpu") -> FlowTracker:
    """The tracker. It holds no weights and runs on the CPU whatever ``device`` says."""
    return FlowTracker()
