"""The machine that the package is for, and what of requirements.txt is installed there."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import Requirement

PYTHON = "3.13"
# The Functions image is Debian 12 (glibc 2.36); pip takes the newest of these that a project has.
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
ENVIRONMENT: Mapping[str, str] = {
    "implementation_name": "cpython",
    "implementation_version": f"{PYTHON}.0",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": f"{PYTHON}.0",
    "python_version": PYTHON,
    "sys_platform": "linux",
}


class CannotPackage(Exception):
    """There is no package; the text says why and what to do."""


def applies(requirement: Requirement, *, extras: Iterable[str] = ()) -> bool:
    """Whether a requirement counts on the target, for a project that is asked for with some extras."""
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({**ENVIRONMENT, "extra": extra}) for extra in ("", *extras))


def pins(requirements: Path) -> list[str]:
    """Return `name==version` of every line that counts on the target: pip itself would ask the machine that it runs on."""
    lines = (line.strip() for line in requirements.read_text(encoding="utf-8").splitlines())
    found = (Requirement(line) for line in lines if line and not line.startswith("#"))
    return [f"{one.name}{one.specifier}" for one in found if applies(one)]


def cache_folder() -> Path:
    """Where downloads are kept; outside the clone, so that clones share them."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway"


def installed(wanted: list[str]) -> Path:
    """Return a folder with the wanted wheels unpacked as they are, downloaded the first time; raise CannotPackage."""
    digest = hashlib.sha256("\n".join([*wanted, PYTHON, *_PLATFORMS]).encode()).hexdigest()
    folder = cache_folder() / f"site-packages-{digest[:16]}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Under another name first: half of it is never taken for the whole.
    with tempfile.TemporaryDirectory(dir=folder.parent) as half:
        _install(wanted, Path(half) / "site")
        try:
            (Path(half) / "site").rename(folder)
        except OSError:
            if not folder.exists():  # unless somebody else was faster
                raise
    return folder


def _install(wanted: list[str], folder: Path) -> None:
    platforms = [argument for one in _PLATFORMS for argument in ("--platform", one)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += [
        "--no-deps",
        "--no-compile",
        "--only-binary=:all:",
        "--implementation",
        "cp",
        "--python-version",
        PYTHON,
    ]
    command += [*platforms, "--target", str(folder), *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise CannotPackage(f"pip could not install what requirements.txt pins for the target:\n{done.stderr.strip()}")
