"""The mean of two files of weights of one network, as those in the package were made.

    python -m tests.benchmarks.blend_weights FIRST.safetensors SECOND.safetensors SHARE OUT.safetensors

``SHARE`` of the second, the rest of the first. Between the weights before and after some more training lies what has
learned the new and not forgotten the old (Wortsman et al. 2022, arXiv 2109.01903).
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor


def blended(first: Tensor, second: Tensor, share: float) -> Tensor:
    """In the kind of number that the second has; counters are the second's."""
    if not second.is_floating_point():
        return second
    return (first.float() * (1 - share) + second.float() * share).to(second.dtype)


def main() -> None:
    first, second = (load_file(Path(name)) for name in sys.argv[1:3])
    with torch.no_grad():
        mixed = {name: blended(first[name], second[name], float(sys.argv[3])) for name in second}
    save_file(mixed, Path(sys.argv[4]))


if __name__ == "__main__":
    main()
