"""The programs of a control plane: built once through the Go module proxy, and kept outside the clone.

`python3 -m tests.support.machine.kube` builds them where they are missing. It needs Python and Go and nothing else, so that
it can begin before anything is installed; whoever needs the programs waits for it (`wait`). Nothing is built where tests are
given a cluster (SLIPWAY_TEST_CONTEXT) or all programs (KUBEBUILDER_ASSETS).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from infra.local.azurite.program import CannotInstall, cache_folder
from tests.support.run.processes import end_with_parent

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
_BUILDING = "kube-build-"
# What Go says where the proxy was out of reach for a moment; what it has downloaded by then is kept for the next try.
_NETWORK = re.compile(r"dial tcp|no such host|timeout|connection re(set|fused)|unexpected EOF|: (429|50\d) ")
_TRIES = 3


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


def build(*, pause: float = 5.0) -> Path:
    """Build what is missing, unless another process does: then wait for it. Raise CannotInstall, which `reason` tells later.

    `pause` is how long a module proxy that is out of reach is left alone.
    """
    with _alone():
        _remove_unfinished()
        if (found := find()) is not None:
            return found
        try:
            _build(pause)
        except CannotInstall as error:
            _failure().write_text(str(error))
            raise
    return kept()


def wait(say: Callable[[str], None], *, every: float = 60.0) -> Path | None:
    """Return the folder with the programs once nobody builds them any more; None where they are missing then.

    `say` is called each minute, in one of the processes that wait.
    """
    began = said = time.monotonic()
    with ExitStack() as speaker:
        speaks = False
        while find() is None and _is_held() and time.monotonic() - began < _LONGEST:
            if time.monotonic() - said >= every:
                said = time.monotonic()
                speaks = speaks or _try_lock(cache_folder() / "kube.waiting", speaker)
                if speaks:
                    minutes = (said - began) / 60
                    say(f"waiting for Kubernetes {VERSION}, which is being built, for {minutes:.0f} min")
            threading.Event().wait(_STEP)
    return find()


def reason() -> str:
    """Why the last build failed, and what to do for another."""
    advice = "`python3 -m tests.support.machine.kube` builds the programs of a control plane"
    with suppress(OSError):
        return f"{_failure().read_text()}; {advice}"
    return f"the programs of a control plane are missing; {advice}"


def _build(pause: float) -> None:
    if shutil.which("go") is None:
        raise CannotInstall(
            "a control plane is built by Go, which is not here; install Go 1.26, or set KUBEBUILDER_ASSETS to a folder"
            f" with {', '.join(PROGRAMS)}"
        )
    print(
        f"Building Kubernetes {VERSION} into {kept()}; this is done once and takes 15 minutes of a processor.",
        flush=True,
    )
    # Compilers that outlive a failed build for a moment may write here still; the next build removes that.
    with tempfile.TemporaryDirectory(prefix=_BUILDING, dir=cache_folder(), ignore_cleanup_errors=True) as folder:
        programs = Path(folder) / "bin"
        programs.mkdir()
        for module, arguments in _BUILDS.items():
            _go(module, arguments, programs, Path(folder), pause)
        if not _is_whole(programs):
            raise CannotInstall(f"Go left not all of {', '.join(PROGRAMS)}")
        _failure().unlink(missing_ok=True)
        shutil.rmtree(kept(), ignore_errors=True)
        programs.rename(kept())


def _go(module: str, arguments: Sequence[str], programs: Path, folder: Path, pause: float) -> None:
    env = {
        **os.environ,
        "GOPATH": str(folder / "go"),
        "GOCACHE": str(folder / "cache"),
        "GOMODCACHE": str(folder / "modules"),
        "GOTMPDIR": str(folder),
        "GOFLAGS": "-trimpath -modcacherw -mod=readonly",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    out = [
        str(programs / one) if before == "-o" else one for before, one in zip(("", *arguments), arguments, strict=False)
    ]
    for left in reversed(range(_TRIES)):
        # Nobody else's work is to wait for this.
        failed = _run(["nice", "-n", "19", "go", "build", *out], _MODULES / module, env)
        if not failed:
            return
        said = " / ".join(failed.strip().splitlines()[-3:])
        if not _NETWORK.search(failed):
            raise CannotInstall(f"Go could not build {module}: {said}")
        if left:
            threading.Event().wait(pause)
    raise CannotInstall(f"Go could not download {module}: {said}; see `go env GOPROXY`, or set KUBEBUILDER_ASSETS")


def _run(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> str:
    """Run it to its end, or to ours; return what it complained of, empty where it succeeded."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
            preexec_fn=end_with_parent,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(f"{command[0]}: {error}") from error
    return (done.stderr or f"it ended with {done.returncode}") if done.returncode else ""


def _remove_unfinished() -> None:
    """Remove what builds left that were killed: whoever has the lock is the only one that builds."""
    for left in cache_folder().glob(f"{_BUILDING}*"):
        shutil.rmtree(left, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in PROGRAMS)


def _lock() -> Path:
    return cache_folder() / "kube.lock"


def _failure() -> Path:
    return cache_folder() / "kube.failed"


@contextmanager
def _alone() -> Iterator[None]:
    cache_folder().mkdir(parents=True, exist_ok=True)
    with _lock().open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_held() -> bool:
    if not _lock().exists():
        return False
    with ExitStack() as at_once:
        return not _try_lock(_lock(), at_once)


def _try_lock(path: Path, until: ExitStack) -> bool:
    file = until.enter_context(path.open("w"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main() -> int:
    """Build them, and say where they are or why they cannot be had."""
    if context := os.environ.get("SLIPWAY_TEST_CONTEXT"):
        print(f"Tests use the cluster of the context {context} (SLIPWAY_TEST_CONTEXT); nothing is built.")
        return 0
    given = os.environ.get("KUBEBUILDER_ASSETS")
    if given and (lacks := [name for name in PROGRAMS if not os.access(Path(given, name), os.X_OK)]):
        print(f"KUBEBUILDER_ASSETS is not used: {given} lacks {', '.join(lacks)}.", flush=True)
    try:
        print(f"Kubernetes {VERSION} is in {build()}")
    except CannotInstall as error:
        print(f"There will be no control plane: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
