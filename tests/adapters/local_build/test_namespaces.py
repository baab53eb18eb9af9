"""What a change's own commands can do to their host by its ids and by names, without opening anything."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.adapters.local_build import commands, namespaces
from shared.adapters.local_build.sight import Sight
from shared.ports.builder import BuildOrder, BuildOutcome
from tests.support.build_site import KEPT_BY, PASSED, Site

TestsOnly = Callable[[str], BuildOrder]

# A limit of no open files ends a host as surely as a signal.
STARVES = """
import os, resource
def starve(pid):
    try:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, 0))
    except (PermissionError, ProcessLookupError):
        return
    raise SystemExit("it could")
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
starve(HOST)
starve(os.getppid())
"""


@pytest.mark.parametrize("kept_by", KEPT_BY)
def test_attack_a_test_command_takes_its_hosts_files_by_a_limit(
    site: Site, tests_only: TestsOnly, kept_by: str
) -> None:
    """It sets its own limits and nobody else's, as the same user, whatever keeps it to its folders."""
    site.kept_by = kept_by
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as host:
        result = site.build(tests_only(f"HOST = {host.pid}\n" + STARVES + PASSED))
        limits = Path(f"/proc/{host.pid}/limits").read_text()

    assert result.outcome is BuildOutcome.SUCCEEDED, site.output(result)
    assert re.search(r"Max open files +[1-9]", limits)


OF_OLD = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
HIGH = 1 << 32
for pid in (HOST, HOST | HIGH):
    assert libc.syscall(ctypes.c_long(NUMBER), ctypes.c_long(pid), 7, (ctypes.c_uint64 * 2)(0, 0), None) == -1
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the calls of another machine")
@pytest.mark.parametrize("number", [302, 0x40000000 | 302])
def test_attack_a_limit_is_set_by_a_number_that_the_filter_might_not_know(
    site: Site, tests_only: TestsOnly, number: int
) -> None:
    """The older calls of a machine are closed too, and what the kernel cuts off an id changes nothing."""
    site.kept_by = ""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as host:
        known = f"HOST, NUMBER = {host.pid}, {number}\n"
        result = site.build(tests_only(known + OF_OLD + PASSED))
        limits = Path(f"/proc/{host.pid}/limits").read_text()

    assert result.outcome is BuildOutcome.SUCCEEDED, site.output(result)
    assert re.search(r"Max open files +[1-9]", limits)


@pytest.mark.parametrize("kept_by", KEPT_BY[:1])
def test_attack_a_test_command_changes_the_modes_of_its_hosts_files(
    site: Site, tests_only: TestsOnly, kept_by: str
) -> None:
    """By name it could, as the same user; in a disk of its own the name is nothing's."""
    site.kept_by = kept_by
    secret = site.folder.parent / "slipway.db"
    secret.write_text("state")
    secret.chmod(0o600)
    script = f"""
import os
secret = {str(secret)!r}
for attempt in (os.stat, lambda name: os.chmod(name, 0), lambda name: os.utime(name, (0, 0)), os.listxattr):
    try:
        attempt(secret)
    except FileNotFoundError:
        continue
    raise SystemExit("it could")
"""
    result = site.build(tests_only(script + PASSED))

    assert result.outcome is BuildOutcome.SUCCEEDED, site.output(result)
    assert secret.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kept_by", KEPT_BY)
def test_what_a_link_leads_to_is_seen_by_both_names(tmp_path: Path, kept_by: str) -> None:
    """A virtual environment that lies elsewhere, and files below links of links, are where programs look for them."""
    (tmp_path / "real/inner").mkdir(parents=True)
    (tmp_path / "real/inner/file").write_text("read")
    (tmp_path / "second").symlink_to("real")
    (tmp_path / "first").symlink_to(tmp_path / "second/../second")
    (tmp_path / "turning").symlink_to("turning")
    (tmp_path / "own").mkdir()
    reads = (tmp_path / "first/inner/file", tmp_path / "turning", tmp_path / "nothing")
    seen = Sight(reads=reads, writes=(tmp_path / "own",), by=kept_by)

    ended = commands.run(
        ["cat", str(tmp_path / "first/inner/file"), str(tmp_path / "real/inner/file")],
        cwd=tmp_path / "own", env={"PATH": "/usr/bin:/bin"}, notes=tmp_path, seconds=60, cancelled=lambda: False, sight=seen,
    )  # fmt: skip

    assert (ended.code, ended.output) == (0, b"readread")


def test_bubblewrap_that_may_do_nothing_here_counts_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In most containers it is refused; nor is it looked for twice."""
    refused = tmp_path / "bwrap"
    refused.write_text("#!/bin/sh\nexit 1\n")
    refused.chmod(0o755)
    found = []
    for path in (tmp_path, tmp_path / "nowhere"):
        monkeypatch.setenv("PATH", str(path))
        namespaces.program.cache_clear()
        found.append(namespaces.program())
    namespaces.program.cache_clear()

    assert found == ["", ""]
