"""Runs a command that sees its own folders and no others: `confine.py <what it may see, as JSON> <command> …`.

A script of its own, without imports from the project. Landlock (https://docs.kernel.org/userspace-api/landlock.html) keeps the
command and all that it starts to the folders named, away from other processes (no ptrace, so no /proc/<pid>/environ, and no
signals), whoever it runs as. A filter of system calls (seccomp) keeps it from other processes' limits, by which it could end them.
Nothing of it can be taken back. Where the kernel has no Landlock, the command at least gets no capability: without one, root too
sees nothing of a process that is not dumpable.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import stat
import struct
import sys

LANDLOCK = "landlock"
# Below this one a file cannot be renamed into another folder, which builds do.
LEAST_ABI = 2
_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION_FLAG = 1
_BENEATH = 1
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 22, 24, 38, 47
_CLEAR_ALL = 4
_FILTER = 2
_LAST_CAPABILITY = 63

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK, _TRUNCATE = 1 << 6, 1 << 11, 1 << 14
_UP_TO_REFER = (1 << 14) - 1
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_NO_ABSTRACT_SOCKETS, _NO_SIGNALS = 1 << 0, 1 << 1
_ABI_TRUNCATE, _ABI_NET, ABI_SCOPES = 3, 4, 6

# prlimit64 as seccomp sees it: by the audit's name for the architecture, whose own and whose older calls a machine takes.
# x32, which counts as x86-64, has a bit of its own.
_PRLIMIT = (
    (0xC000003E, 302), (0xC000003E, 0x40000000 | 302), (0x40000003, 340),  # x86-64, x32, i386
    (0xC00000B7, 261), (0x40000028, 369),  # arm64, arm
    (0xC00000F3, 261), (0xC0000015, 325),  # riscv64, ppc64le
)  # fmt: skip
_LOAD, _EQUALS, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOWED, _REFUSED = 0x7FFF0000, 0x00050000 | errno.EPERM


class CannotConfine(OSError):
    """The kernel refuses what was asked for."""


def landlock_abi() -> int:
    """What this kernel knows of Landlock, 0 for nothing: too old, turned off, or kept from us."""
    try:
        return max(0, int(_libc().syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))))
    except AttributeError:
        return 0  # not Linux


def main(sight: str, command: list[str]) -> int:
    """Become the command; return an exit code where that is not possible."""
    seen = json.loads(sight)
    try:
        if sys.platform.startswith("linux"):
            _confine(seen)
        # Bubblewrap adds it; what a command sees is a closed list.
        _libc().unsetenv(b"PWD")
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]} cannot be started: {error}", flush=True)
        return 127


def _confine(seen: dict[str, object]) -> None:
    libc = _libc()
    # Whoever ends the supervisor ends the command, too.
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise CannotConfine(ctypes.get_errno(), "no_new_privs is refused")
    if seen["by"] == LANDLOCK:
        _landlock(libc, seen["reads"], seen["writes"])  # type: ignore[arg-type] # lists of texts
    libc.prctl(_PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    for capability in range(_LAST_CAPABILITY + 1):
        # Refused to who holds none, and for numbers that the kernel does not know.
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _leave_limits_of_others(libc)


def _leave_limits_of_others(libc: ctypes.CDLL) -> None:
    """Refuse prlimit(2) of another process: with a limit of no files or no memory it ends.

    A process may have its own by 0 alone, which the C library's setrlimit and a shell's ulimit do: a filter knows no ids.
    """
    steps: list[tuple[int, int, int, int]] = []
    for architecture, number in _PRLIMIT:
        steps += [
            (_LOAD, 0, 0, _ARCHITECTURE_AT),
            (_EQUALS, 0, 5, architecture),
            (_LOAD, 0, 0, _NUMBER_AT),
            (_EQUALS, 0, 3, number),
            (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
            (_EQUALS, 1, 0, 0),
            (_RETURN, 0, 0, _REFUSED),
        ]
    steps.append((_RETURN, 0, 0, _ALLOWED))
    program = b"".join(struct.pack("=HBBI", *step) for step in steps)
    kept = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(steps), ctypes.addressof(kept))
    if libc.prctl(_PR_SET_SECCOMP, _FILTER, described, 0, 0) and ctypes.get_errno() != errno.EINVAL:
        raise CannotConfine(ctypes.get_errno(), "a filter of system calls is refused")


def _landlock(libc: ctypes.CDLL, reads: list[str], writes: list[str]) -> None:
    abi = landlock_abi()
    handled = _UP_TO_REFER | (_TRUNCATE if abi >= _ABI_TRUNCATE else 0)
    scoped = _NO_ABSTRACT_SOCKETS | _NO_SIGNALS
    attributes = struct.pack("=QQQ", handled, 0, scoped)
    # A kernel refuses what it does not know, and takes a shorter structure.
    size = 24 if abi >= ABI_SCOPES else 16 if abi >= _ABI_NET else 8
    rules = libc.syscall(_CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    if rules < 0:
        raise CannotConfine(ctypes.get_errno(), "Landlock is refused")
    for paths, access in ((reads, _READ), (writes, handled & ~(_MAKE_CHAR | _MAKE_BLOCK))):
        for path in paths:
            _allow(libc, rules, path, access)
    if libc.syscall(_RESTRICT, rules, ctypes.c_uint32(0)):
        raise CannotConfine(ctypes.get_errno(), "Landlock cannot be put into force")
    os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str, access: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there cannot be seen
    if not stat.S_ISDIR(os.fstat(opened).st_mode):
        access &= _OF_FILES
    beneath = struct.pack("=Qi", access, opened)
    refused = libc.syscall(_ADD, rules, _BENEATH, beneath, ctypes.c_uint32(0))
    os.close(opened)
    if refused:
        raise CannotConfine(ctypes.get_errno(), f"Landlock refuses {path}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
