"""The host programs: which Blenders and OBS are here, and whether our plugins fit them."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugin.doctor.finding import Finding, ok, warning

PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Host:
    """One row: what the program is called on PATH, where else it lies, and the first version that our plugin is for."""

    name: str
    command: str
    places: Sequence[str]
    oldest: tuple[int, int]
    package: str
    question: tuple[str, ...] = ("--version",)


HOSTS = (
    Host(
        "Blender",
        "blender",
        (
            "/snap/bin/blender",
            "/var/lib/flatpak/exports/bin/org.blender.Blender",
            "~/.local/share/flatpak/exports/bin/org.blender.Blender",
            "/opt/blender*/blender",
            "~/blender*/blender",
            "/Applications/Blender*.app/Contents/MacOS/Blender",
            "C:/Program Files/Blender Foundation/Blender */blender.exe",
        ),
        (3, 4),
        "blender",
        ("-b", "--version"),
    ),
    Host(
        "OBS",
        "obs",
        (
            "/var/lib/flatpak/exports/bin/com.obsproject.Studio",
            "~/.local/share/flatpak/exports/bin/com.obsproject.Studio",
            "/Applications/OBS.app/Contents/MacOS/OBS",
            "C:/Program Files/obs-studio/bin/64bit/obs64.exe",
        ),
        (29, 0),
        "obs",
    ),
)


def check_hosts() -> Iterator[Finding]:
    """A line for each host program, or that there is none."""
    for host in HOSTS:
        programs = find_programs(host)
        for program in programs:
            yield check_host(host, program)
        if not programs:
            yield ok(host.name, "not found; the page and the command line work without it")


def find_programs(host: Host) -> list[Path]:
    """All of them, each once."""
    found = [Path(path)] if (path := shutil.which(host.command)) else []
    for place in host.places:
        pattern = Path(place).expanduser()
        found += Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))) if pattern.is_absolute() else []
    return list({path.resolve(): path for path in found}.values())


def check_host(host: Host, program: Path) -> Finding:
    """Whether it answers, and is new enough."""
    if sys.platform == "win32" and host.name == "OBS":  # it would open its window
        return ok(host.name, str(program), _install(host))
    try:
        done = subprocess.run(
            [program, *host.question], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return warning(host.name, f"{program} does not answer: {error}", "start it by hand, and see what it says")
    version = re.search(r"(\d+)\.(\d+)[\d.]*", done.stdout)
    if version is None:
        said = " ".join((done.stdout + done.stderr).split())[:200] or "nothing"
        return warning(host.name, f"{program} does not say its version, but: {said}", "start it by hand")
    oldest = ".".join(map(str, host.oldest))
    if (int(version[1]), int(version[2])) < host.oldest:
        return warning(host.name, f"{version[0]} ({program}) is too old for our plugin", f"{oldest} or newer is needed")
    return ok(host.name, f"{version[0]} ({program})", _install(host))


def _install(host: Host) -> str:
    return f"tam pack {host.package} writes the plugin for it"
