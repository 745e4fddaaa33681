"""XMem (arXiv 2207.07115): masks carried by reading a memory of keys and values.

``network`` is the whole of it, made of ``encoders``, ``decoder`` and their ``blocks``; ``affinity`` is how a memory is
read. The memory itself belongs to the engine.
"""

from tam_core.models.xmem.network import ImageFeatures, XMem, shared_out
from tam_core.models.xmem.sizes import XMemSizes

__all__ = ["ImageFeatures", "XMem", "XMemSizes", "shared_out"]
