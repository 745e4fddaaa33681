"""What the packages promise to have."""

import importlib
import importlib.metadata

import pytest


@pytest.mark.parametrize("package", ["tam_core", "inpaint"])
def test_every_public_name_is_there(package: str) -> None:
    module = importlib.import_module(package)
    homes = [name for names in module._HOMES.values() for name in names]
    assert sorted(homes) == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = module.nothing_of_the_kind


def test_every_row_of_the_tables_names_a_loader_that_exists() -> None:
    from inpaint.engines import INPAINTERS
    from tam_core.engines import ENGINES

    for row in [*ENGINES, *INPAINTERS]:
        module, function = row.loader.split(":")
        assert callable(getattr(importlib.import_module(module), function))
        assert row.licence
        assert row.summary
