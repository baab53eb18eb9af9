"""Install the parts of the machine that tests need, and say plainly what could not be installed.

Packages of Debian are installed where we are root and apt-get exists; what needs no root goes to a cache folder.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from infra.local.azurite import program
from infra.local.azurite.program import CannotInstall, cache_folder, run
from tests.support.machine.parts import PARTS, find, required


def apt_get(*arguments: str, cwd: Path | None = None) -> None:
    """Run apt-get, and once more after an update: a fresh machine has no lists."""
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if shutil.which("apt-get") is None:
        raise CannotInstall("there is no apt-get here; install it by this system's own means")
    try:
        run(command, cwd=cwd, env=env)
    except CannotInstall:
        if os.geteuid() != 0:
            raise
        run(["apt-get", "-o", "DPkg::Lock::Timeout=300", "update"], env=env)
        run(command, cwd=cwd, env=env)


def install_package(name: str) -> None:
    """Install a Debian package."""
    if os.geteuid() != 0:
        raise CannotInstall(f"it needs root: sudo apt-get install {name}")
    apt_get("install", "-y", "--no-install-recommends", name)


def unpack_registry() -> None:
    """Unpack the registry's package without installing it: installed, it would start a service on port 5000."""
    target = cache_folder() / "registry"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        apt_get("download", "docker-registry", cwd=Path(folder))
        (package,) = Path(folder).glob("*.deb")
        run(["dpkg", "-x", str(package), str(target)])


INSTALL: Mapping[str, Callable[[], None]] = {
    "docker-registry": unpack_registry,
    "skopeo": lambda: install_package("skopeo"),
    "bubblewrap": lambda: install_package("bubblewrap"),
    "chromium": lambda: install_package("chromium"),
    "curl": lambda: install_package("curl"),
    "azurite": program.install,
}


def missing_after_install() -> list[str]:
    """Install what is missing, and return what is missing still."""
    for part in PARTS:
        if find(part.name):
            continue
        print(f"Installing {part.name}: {part.purpose}", flush=True)
        try:
            INSTALL[part.name]()
        except CannotInstall as error:
            print(f"{part.name} could not be installed: {error}", flush=True)
    return [part.name for part in PARTS if find(part.name) is None]


def main() -> int:
    """Prepare the machine; the exit code is a failure only where everything has to run."""
    missing = missing_after_install()
    if missing and required():
        print(f"CI=true asks for every test to run, and {', '.join(missing)} cannot be had.", file=sys.stderr)
        return 1
    if missing:
        print(f"Tests that need {', '.join(missing)} will say that they did not run.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
