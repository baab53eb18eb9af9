"""The programs of a control plane: built once through the Go module proxy, and kept outside the clone.

`python3 -m tests.support.machine.kube` builds them where they are missing. It needs Python and Go and nothing else, so that
it can begin before anything is installed; whoever needs the programs waits for it (`wait`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.local.azurite.program import CannotInstall, cache_folder

VERSION = "1.36.3"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_MODULES = Path(__file__).parents[1] / "cluster/build"
_ANSWERS = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = VERSION.split(".")
# Without a version the API server answers none that charts could compare.
_SAYS = " ".join(
    f"-X {_ANSWERS}.{name}={value}"
    for name, value in (("gitVersion", f"v{VERSION}"), ("gitMajor", _MAJOR), ("gitMinor", _MINOR))
)
# One group of packages at a time: side by side they would compile what they share twice.
_BUILDS: Mapping[str, Sequence[str]] = {
    "etcd": ("-ldflags=-s -w", "-o", "etcd", "go.etcd.io/etcd/server/v3"),
    "kube": (f"-ldflags=-s -w {_SAYS}", "-o", ".", *(f"k8s.io/kubernetes/cmd/{name}" for name in PROGRAMS[1:])),
}
_LONGEST = 50 * 60.0
_STEP = 0.5


def find() -> Path | None:
    """The folder with the programs: KUBEBUILDER_ASSETS, or what was built; None where neither has them all."""
    given = os.environ.get("KUBEBUILDER_ASSETS")
    return next((one for one in (*([Path(given)] if given else []), kept()) if _is_whole(one)), None)


def kept() -> Path:
    """Where they are kept; another version, or another way to build it, has another folder."""
    how = hashlib.sha256(repr(sorted(_BUILDS.items())).encode())
    for path in sorted(_MODULES.glob("*/go.*")):
        how.update(path.read_bytes())
    return cache_folder() / f"kube-{VERSION}-{how.hexdigest()[:12]}"


def build() -> Path:
    """Build what is missing, unless another process does: then wait for it. Raise CannotInstall."""
    with _alone():
        if (found := find()) is not None:
            return found
        if shutil.which("go") is None:
            raise CannotInstall(
                "a control plane is built by Go, which is not here; install Go 1.26, or set KUBEBUILDER_ASSETS"
            )
        print(
            f"Building Kubernetes {VERSION} into {kept()}; this is done once and takes 15 minutes of a processor.",
            flush=True,
        )
        with tempfile.TemporaryDirectory(prefix="kube-build-", dir=cache_folder()) as folder:
            programs = Path(folder) / "bin"
            programs.mkdir()
            for module, arguments in _BUILDS.items():
                _go(module, arguments, programs, Path(folder))
            shutil.rmtree(kept(), ignore_errors=True)
            programs.rename(kept())
    return kept()


def wait(say: Callable[[str], None]) -> Path | None:
    """Return the folder with the programs once nobody builds them any more; None where they are missing then.

    `say` is called each minute.
    """
    began = told = time.monotonic()
    while find() is None and _is_held():
        if time.monotonic() - told >= 60:
            told = time.monotonic()
            say(f"waiting for Kubernetes {VERSION}, which is being built, for {(told - began) / 60:.0f} min")
        if told - began > _LONGEST:
            break
        threading.Event().wait(_STEP)
    return find()


def _go(module: str, arguments: Sequence[str], programs: Path, folder: Path) -> None:
    env = {
        **os.environ,
        "GOPATH": str(folder / "go"),
        "GOCACHE": str(folder / "cache"),
        "GOMODCACHE": str(folder / "modules"),
        "GOFLAGS": "-trimpath -modcacherw -mod=readonly",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    out = [
        str(programs / one) if before == "-o" else one for before, one in zip(("", *arguments), arguments, strict=False)
    ]
    command = ["nice", "-n", "19", "go", "build", *out]
    done = subprocess.run(command, cwd=_MODULES / module, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " / ".join(done.stderr.strip().splitlines()[-3:])
        raise CannotInstall(f"Go could not build {module}: {said}")


def _is_whole(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in PROGRAMS)


def _lock() -> Path:
    return cache_folder() / "kube.lock"


@contextmanager
def _alone() -> Iterator[None]:
    cache_folder().mkdir(parents=True, exist_ok=True)
    with _lock().open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_held() -> bool:
    try:
        with _lock().open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def main() -> int:
    """Build them, and say where they are or why they cannot be had."""
    try:
        print(f"Kubernetes {VERSION} is in {build()}")
    except CannotInstall as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
