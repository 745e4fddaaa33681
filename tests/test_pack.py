"""The archives for the hosts: the same bytes every time, complete, and nothing in them that a host's Python lacks."""

import ast
import shutil
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path, PurePosixPath

import pytest

from plugin import pack
from tests.command_line import Tam

HOST_MODULES = {
    "blender": {"bpy", "bpy_extras", "bl_ui", "blf", "gpu", "gpu_extras", "mathutils", "rna_keymap_ui"},
    "obs": {"obspython"},
}
VERSION = metadata.version("tam-studio")
HOSTS = list(pack.PACKAGES)


@pytest.fixture(params=HOSTS)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What ``tam pack`` writes for each host."""
    pack.pack(request.param, tmp_path / request.param)
    written: list[Path] = list((tmp_path / request.param).iterdir())
    return written[0]


def sources(archive: Path) -> dict[PurePosixPath, ast.Module]:
    """The Python files of an archive, read as Python 3.10 reads them."""
    with zipfile.ZipFile(archive) as opened:
        return {
            PurePosixPath(name): ast.parse(opened.read(name), name, feature_version=(3, 10))
            for name in opened.namelist()
            if name.endswith(".py")
        }


def read(archive: Path, name: str) -> bytes:
    with zipfile.ZipFile(archive) as opened:
        return opened.read(name)


def imported(tree: ast.Module) -> set[str]:
    """The modules from outside, wherever they are imported: the first part of each name."""
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in found}


def bound(tree: ast.AST) -> set[str]:
    """The names that a file gives a meaning to."""
    nodes = list(ast.walk(tree))
    made = {node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    made |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return made | {node.asname or node.name for node in nodes if isinstance(node, ast.alias)}


def lacking(path: PurePosixPath, node: ast.ImportFrom, packed: dict[PurePosixPath, ast.Module]) -> list[str]:
    """The names that a relative import asks for and that are not in the archive."""
    place = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
    tree = packed.get(place.with_suffix(".py")) or packed.get(place / "__init__.py")
    names = [alias.name for alias in node.names]
    if tree is None:
        return names
    known = bound(tree) | {file.stem for file in packed if file.parent == place}
    known |= {file.parent.name for file in packed if file.parent.parent == place and file.stem == "__init__"}
    return [name for name in names if name not in known]


def test_the_same_files_give_the_same_bytes(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = tmp_path / "elsewhere"
    shutil.copytree(pack.HERE, copied, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("__pycache__"))
    (copied / "link" / "__pycache__").mkdir()
    (copied / "link" / "__pycache__" / "wire.cpython-311.pyc").write_bytes(b"compiled")
    (copied / "link" / ".wire.py.swp").write_bytes(b"an editor's")
    monkeypatch.setattr(pack, "HERE", copied)
    pack.pack(archive.parent.name, tmp_path / "again")
    assert (tmp_path / "again" / archive.name).read_bytes() == archive.read_bytes()


def test_everything_of_a_host_and_the_link_is_in_it(archive: Path) -> None:
    host = archive.parent.name
    packed = sources(archive).keys()
    there = {path.relative_to(pack.HERE) for folder in (host, "link") for path in (pack.HERE / folder).rglob("*.py")}
    moved = {Path("blender/root.py"), Path("obs/script.py")}
    missing = [path for path in there - moved if not any(str(name).endswith(f"/{path}") for name in packed)]
    assert not missing


def test_all_that_a_host_gets_is_one_folder(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        assert {name.partition("/")[0] for name in opened.namelist()} == {
            "tam_studio" if archive.parent.name == "blender" else "tam-studio-obs"
        }


def test_a_host_needs_nothing_but_its_own_python(archive: Path) -> None:
    host = archive.parent.name
    allowed = sys.stdlib_module_names | HOST_MODULES[host] | ({"tam_studio_obs"} if host == "obs" else set())
    strange = {f"{path}: {name}" for path, tree in sources(archive).items() for name in imported(tree) - allowed}
    assert not strange


def test_what_the_files_import_of_each_other_is_in_it(archive: Path) -> None:
    packed = sources(archive)
    missing = {
        f"{path}: {name} in '{ast.unparse(node)}'"
        for path, tree in packed.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
        for name in lacking(path, node, packed)
    }
    assert not missing


def test_the_add_on_says_its_version_and_name_to_old_and_new_blenders(tmp_path: Path) -> None:
    pack.pack("blender", tmp_path)
    archive = tmp_path / f"tam_studio-{VERSION}.zip"
    manifest = tomllib.loads(read(archive, "tam_studio/blender_manifest.toml").decode())
    tree = ast.parse(read(archive, "tam_studio/__init__.py"))
    (literal,) = (node.value for node in tree.body if isinstance(node, ast.Assign) and "bl_info" in bound(node))
    info = ast.literal_eval(literal)
    assert manifest["id"] == "tam_studio" and manifest["version"] == VERSION
    assert ".".join(map(str, info["version"])) == VERSION and info["name"] == manifest["name"]
    assert set(manifest["permissions"]) <= {"network", "files"}


def test_the_command_says_where_it_is_and_how_to_install_it(tam: Tam, tmp_path: Path) -> None:
    said = tam("pack", "blender", "-o", "new/folder")
    assert said.code == 0 and Path("new/folder", f"tam_studio-{VERSION}.zip").is_file()
    assert f"tam_studio-{VERSION}.zip: install it in Blender" in said.out
    assert "Tools > Scripts" in tam("pack", "obs").out and Path(f"tam_studio_obs-{VERSION}.zip").is_file()


def test_a_host_that_has_no_package_is_named(tam: Tam) -> None:
    said = tam("pack", "nuke")
    assert said.code == 2 and "'nuke'; there are: blender, obs" in said.err


def test_an_archive_that_cannot_be_written_leaves_the_old_one(tam: Tam, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("taken").write_text("a file")
    said = tam("pack", "obs", "-o", "taken")
    assert said.code == 1 and "taken" in said.err

    old = Path(f"tam_studio_obs-{VERSION}.zip")
    old.write_bytes(b"the old one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    assert tam("pack", "obs").code == 1
    assert old.read_bytes() == b"the old one" and [path.name for path in Path.cwd().iterdir()] == ["taken", old.name]
