"""What a command of a build sees of this machine's disk, and what keeps it to that."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from shared.adapters.local_build import confine, namespaces

_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store")
# Not the whole of /etc: a build that runs as root would read shadow and the keys of servers.
_ETC = """
alternatives bash.bashrc bashrc ca-certificates ca-certificates.conf crypto-policies debian_version default/locale dotnet
fonts gai.conf gitattributes gitconfig gradle group host.conf hosts inputrc java java-* ld.so.cache ld.so.conf
ld.so.conf.d locale.alias locale.conf localtime lsb-release magic maven mime.types networks npmrc nsswitch.conf openssl
os-release passwd perl php pip.conf pki profile profile.d protocols python3* redhat-release resolv.conf rpc services shells
ssl terminfo timezone wgetrc
"""
_HIDDEN = (Path("/etc/ssl/private"), Path("/etc/pki/tls/private"))
# Processes of others tell nothing there that takes ptrace: Landlock keeps them apart.
_KERNEL = ("/proc", "/sys/devices/system/cpu", "/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage")
_READ_DEVICES = ("/dev/random", "/dev/urandom")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/shm")
# What programs find from where they lie: ~/go/bin/x needs ~/go/src, but ~/.local/bin/x not ~/.local/share.
_BESIDE = ("lib", "lib64", "libexec", "include", "pkg", "src", "VERSION", "go.env")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Folders and files: `reads` are read and run, `writes` are written too; `hidden` is not seen though others hold it.

    `by` is what keeps a command to that; None takes what this kernel has, see `kept_by`.
    """

    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    by: str | None = None

    def with_writes(self, *folders: Path) -> Sight:
        """The same, and these folders to write in."""
        return replace(self, writes=(*self.writes, *folders))


ONLY_ITS_OWN: Final = Sight()


def kept_by() -> str:
    """What keeps builds to their folders here: `bubblewrap`, which Landlock helps where it can, `landlock` alone, or nothing."""
    return namespaces.BUBBLEWRAP if namespaces.program() else _landlock()


def in_words() -> str:
    """What to tell people where nothing keeps builds to their folders; empty where something does."""
    if kept_by() == confine.LANDLOCK and found_abi() < confine.ABI_SCOPES:
        return (
            "builds may end processes of this user, Slipway's too: this kernel's Landlock is older than Linux 6.12, and "
            "bubblewrap is not installed or not let; install it, or serve only repositories that you trust with that"
        )
    if kept_by():
        return ""
    return (
        "builds see all files that this user sees: this kernel has no Landlock (Linux 5.19 or later), and bubblewrap is not "
        "installed or not let; install it, or serve only repositories that you trust with these files"
    )


def wrapped(command: Sequence[str], sight: Sight, path: str) -> list[str]:
    """The command line that runs a command with this sight and nothing more; `path` is its PATH."""
    hidden = [*_HIDDEN, *(one.resolve() for one in sight.hidden)]
    reads = [*map(Path, (*_PROGRAMS, *_KERNEL, *_READ_DEVICES)), *_from_etc()]
    reads += [*_python(), *_on(path), *sight.reads]
    writes = [*map(Path, _DEVICES)]
    read = [part for one in reads for part in _without(one, hidden)]
    written = [*(part for one in writes for part in _without(one, hidden)), *sight.writes]
    by, before = kept_by() if sight.by is None else sight.by, list[str]()
    if by == namespaces.BUBBLEWRAP:
        by, before = _landlock(), namespaces.before([*read, Path(confine.__file__)], written)
    seen = {"by": by, "reads": [*map(str, read)], "writes": [*map(str, written)]}
    return [*before, sys.executable, "-I", "-S", confine.__file__, json.dumps(seen), *command]


@cache
def found_abi() -> int:
    return confine.landlock_abi()


def _landlock() -> str:
    return confine.LANDLOCK if found_abi() >= confine.LEAST_ABI else ""


@cache
def _from_etc() -> tuple[Path, ...]:
    return tuple(found for name in _ETC.split() for found in Path("/etc").glob(name))


def _python() -> Iterator[Path]:
    """This Python with what it has installed: `python` in a test command is this one."""
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        yield Path(prefix)
    # Where we were started without `site`, as a host of functions does it, prefixes are those of the Python beneath.
    own = Path(sys.executable).parent.parent
    if (own / "pyvenv.cfg").is_file():
        yield own


def _on(path: str) -> Iterator[Path]:
    """What lies on PATH, and what programs there need beside it."""
    home = Path.home()
    for name in path.split(os.pathsep):
        folder = Path(name)
        if not folder.is_absolute() or folder == home or home.is_relative_to(folder):
            continue
        yield folder
        if folder.name in ("bin", "sbin") and folder.parent != home and not home.is_relative_to(folder.parent):
            yield from (folder.parent / beside for beside in _BESIDE)


def _without(folder: Path, hidden: Sequence[Path]) -> Iterator[Path]:
    """The folder, or where something in it is hidden, what else lies in it: nothing can be taken out of what is allowed."""
    if not any(one.is_relative_to(folder.resolve()) for one in hidden):
        yield folder
        return
    if folder.resolve() in hidden or not folder.is_dir():
        return
    for inner in folder.iterdir():
        if not inner.is_symlink():
            yield from _without(inner, hidden)
