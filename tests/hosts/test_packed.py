"""The add-on's archive, as Blender's own tool for extensions sees it."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from plugin import pack
from tests.hosts import programs

pytestmark = pytest.mark.hosts


def validate(python: Path, archive: Path) -> "subprocess.CompletedProcess[str]":
    (tool,) = python.parents[1].glob("lib/python3*/site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    command = [str(python), str(tool), "validate", str(archive)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("name", programs.BLENDERS[1:])
def test_it_is_a_valid_extension(name: str, tmp_path: Path) -> None:
    python = Path(programs.blender(name).command[0])
    pack.pack("blender", tmp_path)
    (archive,) = tmp_path.iterdir()
    said = validate(python, archive)
    assert said.returncode == 0, said.stdout + said.stderr

    with zipfile.ZipFile(archive) as opened:  # the tool is not one that says yes to everything
        contents = {one: opened.read(one) for one in opened.namelist()}
    manifest = "tam_studio/blender_manifest.toml"
    contents[manifest] = contents[manifest].replace(b'"add-on"', b'"thing"')
    pack.write_archive(contents, tmp_path / "bad.zip")
    assert validate(python, tmp_path / "bad.zip").returncode != 0
