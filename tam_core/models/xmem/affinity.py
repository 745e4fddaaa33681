"""How memory is read (XMem, section 3.2): anisotropic L2 similarity, and the best few elements of it."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def memory_side(key_nc: Tensor, shrinkage_n: Tensor) -> Tensor:
    """Memory elements (n, CK) as vectors (n, 2 CK + 1) for ``similarity``."""
    ones = key_nc.new_ones(len(key_nc), 1)
    scaled = shrinkage_n[:, None] / math.sqrt(key_nc.shape[1])
    return torch.cat([key_nc.square(), key_nc, ones], 1) * scaled


def query_side(key_qc: Tensor, selection_qc: Tensor) -> Tensor:
    """Places of a frame (q, CK) as vectors (q, 2 CK + 1) for ``similarity``."""
    chosen = selection_qc * key_qc
    own = (chosen * key_qc).sum(1, keepdim=True)
    return torch.cat([-selection_qc, 2 * chosen, -own], 1)


def similarity(query_qd: Tensor, memory_nd: Tensor) -> Tensor:
    """(q, n): minus the squared distance, weighted by selection and shrinkage, of every pair, in one matrix product."""
    return query_qd @ memory_nd.T


def best_affinity(similarity_qn: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """For each query, the ``count`` most similar elements: their share of the reading, summing to 1, and their rows."""
    best, rows = similarity_qn.topk(min(count, similarity_qn.shape[1]), dim=1, sorted=False)
    return best.softmax(1), rows


def weighted_rows(values_nc: Tensor, rows_qk: Tensor, shares_qk: Tensor) -> Tensor:
    """(q, C): the rows of ``values_nc`` summed by their shares, gathered without an intermediate (q, k, C)."""
    return F.embedding_bag(rows_qk, values_nc, per_sample_weights=shares_qk, mode="sum")
