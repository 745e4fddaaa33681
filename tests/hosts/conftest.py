"""Tests inside the real host programs run when they are asked for: ``pytest tests/hosts -m hosts``."""

from pathlib import Path

import pytest

from tests.hosts import programs

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is below this folder unless the hosts are asked for."""
    asked = "hosts" in config.option.markexpr
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("hosts")
            if not asked:
                item.add_marker(pytest.mark.skip(reason="runs in host programs: pytest tests/hosts -m hosts"))


@pytest.fixture(scope="session", params=programs.BLENDERS)
def blender(request: pytest.FixtureRequest) -> programs.Blender:
    """Each Blender of this machine in turn."""
    return programs.blender(request.param)
