"""The link runs inside hosts, in Pythons that have nothing else of ours: copied there under any name."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINK = Path(__file__).parents[1] / "plugin/link"
FILES = sorted(LINK.glob("*.py"))
IMPORT_ALL = """
import importlib, sys, threading
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
for name in sys.argv[2:]:
    importlib.import_module(f"vendored.{name}")
strange = {name.partition(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names - {"vendored"}
assert not strange, strange
assert threading.active_count() == 1
"""


def test_it_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    shutil.copytree(LINK, tmp_path / "vendored")
    names = [path.stem for path in FILES if path.stem != "__init__"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT_ALL, tmp_path, *names], capture_output=True, text=True, check=False
    )
    assert not done.stderr and not done.stdout and done.returncode == 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_python_3_10_reads_it(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 10))
