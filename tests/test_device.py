"""Devices are probed, never assumed."""

import pytest
import torch

from tam_core.device import resolve_device
from tam_core.errors import RequestError


def test_auto_is_a_device_that_computes() -> None:
    assert torch.ones(2, device=resolve_device("auto")).sum() == 2
    assert resolve_device("cpu") == "cpu"


def test_device_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(RequestError, match=r"'tpu' is not on this machine; there is: .*cpu"):
        resolve_device("tpu")
