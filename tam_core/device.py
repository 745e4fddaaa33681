"""Which processor the networks run on. Probed, never assumed."""

from tam_core.errors import RequestError


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
