"""The machine: processor and memory for the networks, room on its disks, and the Python packages."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.doctor.finding import Finding, ok, problem, warning
from plugin.link import launch

if TYPE_CHECKING:
    from packaging.requirements import Requirement

GIGABYTE = 1_000_000_000
ROOM = {"models": 3, "projects": 5, "temporary files": 2}
"""Gigabytes; less is soon used up."""

LAST = 1
"""The gigabyte of a disk that the worker leaves alone."""


def check_device(device: str) -> Iterator[Finding]:
    """What the networks run on."""
    import torch

    from tam_core.device import resolve_device
    from tam_core.errors import RequestError

    try:
        chosen = resolve_device(device)
    except RequestError as error:
        yield problem("device", str(error), "choose another with --device")
        return
    if chosen == "cuda":
        free, total = torch.cuda.mem_get_info()
        said = f"{torch.cuda.get_device_name()}, {free / GIGABYTE:.1f} of {total / GIGABYTE:.1f} GB free"
        low = free < 2 * GIGABYTE
        yield warning("GPU", said, "end what uses its memory") if low else ok("GPU", said)
    elif chosen == "cpu":
        yield _without_gpu(torch.version.cuda)
    else:
        yield ok("GPU", f"{chosen}, with the machine's own memory")
    yield ok("torch", f"{torch.__version__} on {chosen}, {os.cpu_count()} processor cores")


def _without_gpu(built_for: str | None) -> Finding:
    if shutil.which("nvidia-smi") is None:
        return ok("GPU", "none is found: the networks run on the processor")
    if built_for is None:
        said, advice = "this torch is for processors only", "install one for CUDA, see pytorch.org/get-started"
    else:
        said, advice = f"torch (CUDA {built_for}) cannot use it", "see whether its driver works: nvidia-smi"
    return warning("GPU", f"there is one by NVIDIA, but {said}", advice)


def check_disks(data: Path | None) -> Iterator[Finding]:
    """Room where models, projects and temporary files lie."""
    from tam_core.checkpoints import models_folder

    places = {
        "models": models_folder(),
        "projects": data or launch.data_folder(),
        "temporary files": Path(tempfile.gettempdir()),
    }
    for what, folder in places.items():
        yield check_room(what, folder, ROOM[what])


def check_room(what: str, folder: Path, wanted: float) -> Finding:
    """``wanted``: gigabytes."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free / GIGABYTE
    said = f"{free:.0f} GB free for {what} in {folder}"
    if free < min(LAST, wanted):
        return problem("disk", said, "make room, or choose another folder")
    if free < wanted:
        return warning("disk", said, f"{wanted:g} GB are soon used up: make room, or choose another folder")
    return ok("disk", said)


def check_packages() -> Iterator[Finding]:
    """The Python, and whether what tam-studio needs is installed in versions that it can use."""
    from packaging.requirements import Requirement

    yield ok("Python", f"{sys.version.split()[0]} ({sys.executable})")
    rows = [Requirement(text) for text in metadata.requires("tam-studio") or ()]
    needed = [row for row in rows if row.marker is None or row.marker.evaluate({"extra": ""})]
    wrong = [said for row in needed if (said := _wrong(row))]
    if wrong:
        yield problem("packages", "; ".join(wrong), f"{sys.executable} -m pip install --upgrade tam-studio")
    else:
        yield ok("packages", f"all {len(needed)} that are needed are here")


def _wrong(needed: "Requirement") -> str:
    try:
        version = metadata.version(needed.name)
    except metadata.PackageNotFoundError:
        return f"{needed.name} is missing"
    fits = needed.specifier.contains(version, prereleases=True)
    return "" if fits else f"{needed.name} is {version}, needed is {needed.specifier}"
