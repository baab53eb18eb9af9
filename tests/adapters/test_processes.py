"""Child processes end with their host, in time, and with everything they started."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from shared.adapters.processes import TimedOut, run
from shared.ports.errors import Permanent

ENV = {"PATH": os.defpath}
# Copies the end of a pipe to grandchildren, so that reading it to its end proves that all of them have ended.
HOLDS_A_PIPE = "echo started; sleep 600 & sleep 600"


def test_an_exit_code_is_data() -> None:
    """A program that fails is reported with both streams, and input reaches it."""
    done = run(["sh", "-c", "cat; echo problem >&2; exit 3"], env=ENV, timeout=60, input=b"given")

    assert (done.code, done.stdout, done.stderr) == (3, b"given", b"problem\n")


def test_a_process_sees_only_the_environment_it_was_given() -> None:
    """Secrets of the host's environment do not reach its children."""
    done = run(
        [sys.executable, "-c", "import os; print(sorted(os.environ))"],
        env={"PATH": os.defpath, "LC_ALL": "C"},
        timeout=60,
    )

    assert done.stdout.decode().strip() == "['LC_ALL', 'PATH']"


def test_a_process_that_takes_too_long_is_killed_with_its_children() -> None:
    """The output pipe closes, so nobody who held it is alive; what was printed before is kept."""
    with pytest.raises(TimedOut, match=r"sh took longer than 0\.5 s") as raised:
        run(["sh", "-c", HOLDS_A_PIPE], env=ENV, timeout=0.5)

    assert raised.value.output == b"started\n"


def test_a_missing_program_is_our_fault_and_named() -> None:
    """What to do next is in the message."""
    with pytest.raises(Permanent, match="no-such-program is not installed") as raised:
        run(["no-such-program"], env=ENV, timeout=60)

    assert raised.value.ours


def test_a_missing_folder_is_our_fault_and_named(tmp_path: Path) -> None:
    """The program is there; where it should run is not."""
    with pytest.raises(Permanent, match=r"cannot be started in .*/gone") as raised:
        run(["true"], cwd=tmp_path / "gone", env=ENV, timeout=60)

    assert raised.value.ours


@pytest.mark.parametrize(
    "script",
    [
        f"from shared.adapters.processes import run\nrun(COMMAND, env={ENV!r}, timeout=600)",
        "import subprocess\nfrom shared.adapters.processes import child_dies_with_parent\n"
        "subprocess.run(COMMAND, preexec_fn=child_dies_with_parent)",
    ],
    ids=["run", "preexec_fn"],
)
def test_a_child_dies_when_its_host_is_killed(tmp_path: Path, script: str) -> None:
    """After kill -9 of the host no child goes on working."""
    started = tmp_path / "started"
    os.mkfifo(started)
    command = ["sh", "-c", f"echo $$ > '{started}'; exec sleep 600"]
    program = script.replace("COMMAND", repr(command))
    with subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2]) as host:
        child = os.pidfd_open(int(started.read_text()))
        host.kill()

    # A pidfd becomes readable when the process has ended.
    assert select.select([child], [], [], 60)[0] == [child]
    os.close(child)
