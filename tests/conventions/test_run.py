"""The run of the tests ends, whatever becomes of its processes."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.host import wait_until
from tests.support.run import crashes, limited, processes, steady
from tests.support.tree import ROOT, python_files

OPTIONS = ["-c", "pyproject.toml", "-p", crashes.__name__, "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup"]
PATIENCE = 180
NAME = Path(__file__).name
DYING = """
import os, signal, pytest

@pytest.mark.parametrize("number", range(20))
def test_it(number):
    if number == 3:
        os.kill(os.getpid(), signal.{})
"""
WAITING = """
import pathlib, subprocess, threading

def test_it():
    one = subprocess.Popen(["sleep", "600"], start_new_session=True)
    other = subprocess.run(["sh", "-c", "sleep 600 >/dev/null & echo $!"], stdout=subprocess.PIPE)
    note = pathlib.Path(__file__).parent / "being noted"
    note.write_text(f"{one.pid} {other.stdout.decode()}")
    note.rename(note.with_name("noted"))
    threading.Event().wait()
"""


def run(file: Path, content: str, *before: str, more: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Run a test file as `make test` runs ours, without the plugins that take seconds to load."""
    file.write_text(content)
    without = [word for name in ("schemathesis", "hypothesispytest", "anyio") for word in ("-p", f"no:{name}")]
    command = [
        *before,
        sys.executable,
        "-m",
        "pytest",
        *OPTIONS,
        *without,
        "--rootdir",
        str(file.parent),
        str(file),
        *more,
    ]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "left"),
    [
        pytest.param("SIGSEGV", r"Fatal Python error: Segmentation fault\n(.|\n)*line 7 in test_it", id="with stacks"),
        pytest.param("SIGKILL", "It left no stacks: it was killed, or ended itself.", id="without"),
    ],
)
def test_a_test_process_that_dies_ends_the_run_with_its_test_and_its_stacks(
    tmp_path: Path, name: str, left: str
) -> None:
    """At once: nothing takes its place, and nobody waits for what it was to do."""
    with run(tmp_path / "test_dying.py", DYING.format(name)) as running:
        said, _ = running.communicate(timeout=PATIENCE)

    assert running.returncode == 2, said
    assert re.search(r"process gw\d died in test_dying\.py::test_it\[3\]; nothing runs any more", said)
    assert re.search(left, said)


@pytest.mark.slow
def test_a_run_that_takes_too_long_says_where_it_was_and_leaves_nothing(tmp_path: Path) -> None:
    """The time is up while a test waits; what it started has left its group, and its parent."""
    noted = tmp_path / "noted"
    with run(tmp_path / "test_waiting.py", WAITING, sys.executable, "-m", limited.__name__, "60") as running:
        wait_until(noted.exists, patience=PATIENCE)
        running.send_signal(signal.SIGALRM)  # as its own clock does
        said, _ = running.communicate(timeout=PATIENCE)

    assert running.returncode == 1, said
    assert "The run is not done after 60 minutes, which is its limit" in said
    assert re.search(r"process gw\d died in test_waiting\.py::test_it;", said)
    assert "in test_it\n" in said
    assert [pid for pid in noted.read_text().split() if processes.lives(int(pid))] == []


@pytest.mark.slow
def test_what_a_run_leaves_behind_is_ended_and_named() -> None:
    """Its exit code stays what it was."""
    command = [sys.executable, "-m", limited.__name__, "1", "sh", "-c", "sleep 600 >/dev/null 2>&1 & exit 3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)

    assert done.returncode == 3
    assert re.search(r"Ended what the run left behind:\n  \d+ .*sleep 600", done.stderr)


@pytest.mark.slow
def test_what_could_fail_by_chance_is_run_many_times(tmp_path: Path) -> None:
    """Tests that share a file with a thread, a process or a clock; nothing else."""
    (tmp_path / "test_plain.py").write_text("def test_it(): pass\n")
    options = ("-v", "-p", steady.__name__, "--times", "3", "--busy", "1", str(tmp_path / "test_plain.py"))
    with run(tmp_path / "test_timed.py", "import threading\ndef test_it(): pass\n", more=options) as running:
        said, _ = running.communicate(timeout=PATIENCE)

    assert running.returncode == 0, said
    assert set(re.findall(r"PASSED \S*(test_\w+\.py::\S+)", said)) == {
        f"test_timed.py::test_it[{number}]" for number in range(3)
    }


def test_this_run_is_watched(request: pytest.FixtureRequest) -> None:
    """What is tried above is what watches these tests."""
    assert request.config.pluginmanager.has_plugin(crashes.__name__)


def test_no_fixture_is_one_of_a_package() -> None:
    """The tests' folders are no packages: pytest keeps such a fixture, and the host it started, to the end of the run."""
    kept = [path for path in python_files() if 'scope="package"' in (ROOT / path).read_text() and path.name != NAME]

    assert kept == []
