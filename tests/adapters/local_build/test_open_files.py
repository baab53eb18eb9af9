"""Files without a name, which take room as long as somebody holds them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.adapters.local_build import commands
from shared.adapters.local_build.disk import DiskWatch, Taken
from shared.adapters.local_build.leftovers import NOTE, note
from shared.adapters.local_build.open_files import Nameless
from shared.adapters.local_build.sight import Sight
from shared.adapters.local_build.supervise import below
from shared.build_settings import MIB, BuildSettings
from shared.ports.builder import BuildOrder, BuildOutcome
from tests.support.build_site import KEPT_BY, Site

TestsOnly = Callable[[str], BuildOrder]
# The outer process is the one that is looked below.
OUTER = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
A_FILE = """
import ctypes, mmap, os, socket, sys, threading
file = os.open("file", os.O_RDWR | os.O_CREAT)
os.unlink("file")
os.write(file, b"x" * 3_000_000)
os.fsync(file)
"""
READY = "\nprint('ready', flush=True)\nsys.stdin.read()\n"
# exit(2) of the first thread alone, by the number that the machine has for it.
LAST_THREAD = """
import ctypes, os, threading
threading.Thread(target=exec, args=(INNER,)).start()
ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)
"""
HELD = {
    "by a descriptor": A_FILE + READY,
    "by two descriptors": A_FILE + "os.dup(file)" + READY,
    "by a descriptor and a mapping": A_FILE + "held = mmap.mmap(file, 4096)" + READY,
    "by a mapping": A_FILE
    + "map = ctypes.CDLL(None).mmap; map.restype = ctypes.c_void_p\n"
    + "assert map(None, ctypes.c_size_t(4096), 1, 1, file, ctypes.c_long(0)) > 0; os.close(file)"
    + READY,
    # unshare(CLONE_FILES): the first thread's list of descriptors does not show it.
    "by a thread alone": """
import threading
def alone():
    import ctypes
    assert not ctypes.CDLL(None).unshare(0x400)
    exec(INNER)
threading.Thread(target=alone).start()
""".replace("INNER", repr(A_FILE + READY)),
    "by a thread that outlives the first": LAST_THREAD.replace("INNER", repr(A_FILE + READY)),
}
SENT = A_FILE + "one, other = socket.socketpair(); socket.send_fds(one, [b'x'], [file]); os.close(file)" + READY
MEMORY = (
    A_FILE.replace('os.open("file", os.O_RDWR | os.O_CREAT)', 'os.memfd_create("x")').replace("os.unlink", "str")
    + READY
)


@contextmanager
def running(script: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process below another one, once it is ready."""
    with subprocess.Popen(
        [sys.executable, "-c", OUTER, script],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as outer:  # fmt: skip
        assert outer.stdin is not None
        assert outer.stdout is not None
        assert outer.stdout.readline() == b"ready\n"
        yield outer
        outer.stdin.close()


@pytest.mark.parametrize("how", HELD)
def test_attack_a_file_that_was_removed_and_is_held_counts_once(tmp_path: Path, how: str) -> None:
    """Attack: no folder shows it, and its room is free only when nobody holds it."""
    with running(HELD[how], tmp_path) as outer:
        found = Nameless(outer.pid)

    held = found.on({tmp_path.stat().st_dev})
    if how == "by a mapping" and not held:
        assert found.hidden  # who is not root is not shown its size
    else:
        assert [one.st_blocks * 512 >= 3_000_000 for one in held] == [True]
        assert not found.hidden


def test_attack_a_file_that_is_on_its_way_through_a_socket_is_known_as_hidden(tmp_path: Path) -> None:
    """Attack: no process holds it until it is received."""
    with running(SENT, tmp_path) as outer:
        assert Nameless(outer.pid).hidden


def test_memory_is_no_disk(tmp_path: Path) -> None:
    """A file in memory has no name either."""
    with running(MEMORY, tmp_path) as outer:
        found = Nameless(outer.pid)

    assert (found.on({tmp_path.stat().st_dev}), found.hidden) == ([], False)


def free_space(monkeypatch: pytest.MonkeyPatch, *sizes: int) -> None:
    """What a disk has free at each look at it, the last one from then on."""
    left = list(sizes)

    def said(_: object) -> os.statvfs_result:
        free = left.pop(0) if len(left) > 1 else left[0]
        return os.statvfs_result((1, 1, free, free, free, free, free, free, 0, 255))

    monkeypatch.setattr("os.statvfs", said)


@pytest.mark.parametrize(("script", "exceeded"), [(SENT, True), (MEMORY, False)], ids=["hides", "hides nothing"])
def test_only_who_hides_something_answers_for_what_the_disk_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, exceeded: bool
) -> None:
    """Builds on the same disk write too."""
    free_space(monkeypatch, 1 << 40, 1 << 39)
    now = [0.0]
    watch = DiskWatch([tmp_path], most=Taken(1 << 30, 1 << 30), clock=lambda: now[0])
    with running(script, tmp_path) as outer:
        note(tmp_path / NOTE, outer.pid)
        now[0] = 30.0
        seen = watch.look()

    assert seen is exceeded


@pytest.mark.parametrize("kept_by", KEPT_BY)
def test_attack_tests_that_fill_the_disk_with_files_that_have_no_name_are_ended(
    site: Site, tests_only: TestsOnly, kept_by: str
) -> None:
    """Attack: each is removed while it is open."""
    site.limits, site.kept_by = BuildSettings(disk=64 * MIB), kept_by
    script = (
        "import os, time\nkept = []\n"
        "for n in range(100):\n"
        "    kept.append(open('x', 'wb')); os.unlink('x')\n"
        "    kept[-1].write(os.urandom(1 << 20)); os.fsync(kept[-1].fileno())\n"
        "time.sleep(1000)\n"
    )

    result = site.build(tests_only(script))

    assert result.outcome is BuildOutcome.FAILED
    assert "the tests of delivery took more than 64 MiB or 1,000,000 files of the disk" in result.reason


@pytest.mark.parametrize("kept_by", KEPT_BY)
def test_a_file_grows_no_larger_than_its_bound(tmp_path: Path, kept_by: str) -> None:
    """The kernel refuses it at once, and a command cannot take that back."""
    script = (
        "import resource\n"
        "try: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))\n"
        "except (ValueError, PermissionError): print('kept')\n"
        "with open('file', 'wb', buffering=0) as file:\n"
        "    print(file.write(b'x' * 1_500_000))\n"
        "    file.write(b'x')\n"
    )

    ended = commands.run(
        [sys.executable, "-u", "-c", script],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, notes=tmp_path, seconds=60, cancelled=lambda: False,
        sight=Sight(writes=(tmp_path,), by=kept_by), largest=MIB,
    )  # fmt: skip

    assert ended.output.split()[:2] == [b"kept", str(MIB).encode()]
    assert b"File too large" in ended.output
    assert (tmp_path / "file").stat().st_size == MIB


def test_attack_a_process_whose_first_thread_ended_is_found_with_what_it_started(tmp_path: Path) -> None:
    """Attack: it looks like one that is dead, and its children are not orphans."""
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import sys' + sys.argv[1]])"
    script = LAST_THREAD.replace("INNER", repr(f"import sys; sys.argv.append({READY!r})\n{script}"))
    with running(script, tmp_path) as outer:
        assert len(below(outer.pid)) == 2
