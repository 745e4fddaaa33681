"""All that the doctor looks at, in order. A check that fails itself is a finding too."""

from collections.abc import Callable, Iterator
from pathlib import Path

from plugin.doctor.codecs import check_codecs
from plugin.doctor.engines import check_engines
from plugin.doctor.finding import Finding, problem
from plugin.doctor.hosts import check_hosts
from plugin.doctor.machine import check_device, check_disks, check_packages
from plugin.doctor.service import check_service


def examine(data: Path | None = None, device: str = "auto") -> Iterator[Finding]:
    """Findings as they come. ``data``: the worker's folder, if it is not the usual one."""
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("packages", check_packages),
        ("device", lambda: check_device(device)),
        ("engines", lambda: check_engines(device)),
        ("codecs", check_codecs),
        ("disks", lambda: check_disks(data)),
        ("worker", lambda: check_service(data, device)),
        ("hosts", check_hosts),
    ]
    for about, check in checks:
        try:
            yield from check()
        except Exception as error:  # a doctor that dies of what it finds helps nobody
            said = f"cannot be checked ({type(error).__name__}: {error})"
            yield problem(about, said, "pip install --force-reinstall tam-studio; tam --debug doctor says more")
