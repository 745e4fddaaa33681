"""EdgeTAM (arXiv 2501.07256): SAM 2's way of following objects, for small machines.

``EdgeTam`` in ``network.py`` is the whole of it; what is the same as in SAM 2 is imported from there.
"""

from tam_core.models.edgetam.folded import fold
from tam_core.models.edgetam.network import EdgeTam
from tam_core.models.edgetam.sizes import PUBLISHED, EdgeTamSize, size_of

__all__ = ["PUBLISHED", "EdgeTam", "EdgeTamSize", "fold", "size_of"]
