"""``tam pack``: the archives that are installed in the hosts. The same files always give the same bytes.

A host's folder lies beside ``link`` in an archive as it does here, so that ``from ..link import client`` finds it in
both. It knows which file goes where; what they do is the hosts' own.
"""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tam_core.atomic import atomic_file, naming_the_cause
from tam_core.errors import RequestError

HERE = Path(__file__).parent
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16  # an ordinary file that everybody may read


@dataclass(frozen=True)
class Package:
    """One row: ``stem`` of the archive's name, ``contents`` by their names in it, ``install`` in words for a person."""

    stem: str
    contents: Callable[[], Mapping[str, bytes]]
    install: str


def pack(host: str, folder: Path) -> str:
    """Write the archive for a host into a folder; says where it is and how to install it. Raises RequestError."""
    row = PACKAGES.get(host)
    if row is None:
        raise RequestError(f"there is no package for {host[:64]!r}; there are: {', '.join(PACKAGES)}")
    with naming_the_cause(folder):
        folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{row.stem}-{metadata.version('tam-studio')}.zip"
    with atomic_file(path) as temporary:
        write_archive(row.contents(), temporary)
    return f"{path}: {row.install}"


def write_archive(contents: Mapping[str, bytes], path: Path) -> None:
    """A zip of the files by name, uncompressed: compressors differ from machine to machine."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = 3, _MODE
            archive.writestr(entry, contents[name])


def _blender() -> dict[str, bytes]:
    """An add-on with ``bl_info`` that is an extension as well."""
    files = dict(_folder("blender"))
    root, manifest = files.pop("blender/root.py"), files.pop("blender/blender_manifest.toml")
    files |= {**dict(_folder("link")), "__init__.py": root, "blender_manifest.toml": manifest}
    return {f"tam_studio/{name}": content for name, content in files.items()}


def _obs() -> dict[str, bytes]:
    """A script for OBS's own dialog, and beside it the package that it imports."""
    files = dict(_folder("obs"))
    script = files.pop("obs/script.py")
    files |= {**dict(_folder("link")), "__init__.py": b'"""What the script beside this folder is made of."""\n'}
    packed = {f"tam-studio-obs/tam_studio_obs/{name}": content for name, content in files.items()}
    return {**packed, "tam-studio-obs/tam_studio.py": script}


def _folder(name: str) -> Iterator[tuple[str, bytes]]:
    """Every file below ``plugin/NAME``, by its name from ``plugin``; not what Python and editors leave behind."""
    for path in (HERE / name).rglob("*"):
        parts = path.relative_to(HERE).parts
        if path.is_file() and "__pycache__" not in parts and not any(part.startswith(".") for part in parts):
            yield "/".join(parts), path.read_bytes()


PACKAGES = {
    "blender": Package(
        "tam_studio",
        _blender,
        "install it in Blender 4.2 or newer with Edit > Preferences > Get Extensions > Install from Disk (the arrow at "
        "the top right), in 3.4 to 4.1 with Edit > Preferences > Add-ons > Install, then tick TAM Studio",
    ),
    "obs": Package(
        "tam_studio_obs",
        _obs,
        "unpack it where it can stay, and add tam_studio.py of it in OBS with Tools > Scripts > +",
    ),
}
