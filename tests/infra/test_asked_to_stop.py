"""A program with many threads that is asked to stop."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from infra.local.asked_to_stop import AskedToStop
from tests.support.tree import ROOT

PROGRAM = """
import os, signal, sys, threading
from infra.local.asked_to_stop import AskedToStop

asked = AskedToStop().__enter__()
assert not asked.wait(0)
threading.Thread(target=threading.Event().wait, daemon=True).start()
# From here on the kernel can give a signal to the other thread only.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
ENDS
assert asked.wait() and asked.wait()
print("stopped")
"""


@pytest.mark.parametrize(
    "ends",
    [
        "os.kill(os.getpid(), signal.SIGINT)",
        "os.kill(os.getpid(), signal.SIGTERM)",
        "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()",
        "threading.Timer(0.1, asked.ask).start()",
    ],
)
def test_a_wait_ends_whichever_thread_the_signal_comes_to(ends: str) -> None:
    """Before the wait and within it."""
    command = [sys.executable, "-c", PROGRAM.replace("ENDS", ends)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr


def test_what_a_signal_did_before_it_does_again_afterwards() -> None:
    """Whoever runs within another program leaves nothing behind."""
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]

    with AskedToStop() as asked:
        for _ in range(100_000):  # more than anything between the two holds
            asked.ask()
        assert asked.wait()

    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before
    assert signal.set_wakeup_fd(-1) == -1
