"""Which processor the networks run on, and how it is set to work. Probed, never assumed."""

import ctypes
import os
import sys
from typing import TYPE_CHECKING

from tam_core.errors import RequestError

if TYPE_CHECKING:
    import torch
    from torch import nn

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
"""Settings of glibc's ``mallopt``."""

KEPT, LARGEST_KEPT = 256 << 20, 32 << 20
"""Bytes of freed memory that stay with the process; the largest block that may (glibc takes no more)."""


def resolve_device(name: str) -> str:
    """``auto`` becomes the best device of this machine: ``cuda``, then ``mps``, then ``cpu``.

    Raises RequestError for a device that this machine does not have.
    """
    import torch

    there = ["cpu"]
    if torch.backends.mps.is_available():
        there.insert(0, "mps")
    if torch.cuda.is_available():
        there.insert(0, "cuda")
    if name == "auto":
        return there[0]
    if name not in there:
        raise RequestError(f"device '{name}' is not on this machine; there is: {', '.join(there)}")
    return name


def fastest_dtype(device: str) -> "torch.dtype":
    """bfloat16 where the processor multiplies it natively, else float32."""
    import torch

    if device == "cuda":
        native = torch.cuda.is_bf16_supported()
    else:
        native = device == "cpu" and any(_cpu_features().get(name) for name in ("avx512_bf16", "amx_bf16"))
    return torch.bfloat16 if native else torch.float32


def compile_if_asked(module: "nn.Module") -> None:
    """Compile a module in place when the environment variable TAM_COMPILE is 1; on a GPU also into CUDA graphs."""
    import torch

    if os.environ.get("TAM_COMPILE") == "1":
        on_gpu = next(module.parameters()).device.type == "cuda"
        module.compile(mode="reduce-overhead" if on_gpu else "default")
        if on_gpu:  # the next run of a graph writes over what this one gave
            module.register_forward_hook(lambda _module, _inputs, output: torch.utils._pytree.tree_map(_copied, output))


def keep_freed_memory(every_size: bool = False) -> None:
    """Have up to KEPT bytes that are freed stay with this process; ``every_size``: all of it, and blocks of any size.

    A network asks for the same large blocks again and again. glibc would hand each back to the system, which has to
    clear it before it is used again. Where there is another C library nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt and every_size:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
    elif mallopt:
        mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)
        mallopt(M_TRIM_THRESHOLD, KEPT)


def _copied(value: "torch.Tensor") -> "torch.Tensor":
    return value.clone()


def _cpu_features() -> dict[str, object]:
    """What the processor can do; empty where torch is too old to say."""
    import torch

    ask = getattr(torch.cpu, "get_capabilities", dict)
    return dict(ask())
