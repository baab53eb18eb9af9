"""The child that deploys: it never outlives who waits for it, nor its limits."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.helm.process import ChildEnded, Processes
from shared.ports.applier import Busy
from tests.support.helm.clients import children
from tests.support.host import wait_until
from tests.support.run.processes import runs
from tests.support.tree import ROOT

MIB = 1024 * 1024


@pytest.fixture
def silent() -> Iterator[str]:
    """An API server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def asked(server: str, **more: Any) -> dict[str, Any]:
    """Something to do for Helm that needs an answer."""
    cluster = {"server": server, "token": "t", "authority": "", "server_name": "", "kubeconfig": ""}
    job = {"cluster": cluster, "namespace": "qa", "name": "delivery", "revision": 1, "wait": "hookOnly"}
    return {**job, "timeout": 600, "until": 1 << 40, **more}


def test_a_child_is_named_helm_and_dies_with_its_worker(silent: str) -> None:
    """Killed with -9, the worker has no last word for it."""
    script = (
        "import json, sys\n"
        "from shared.adapters.helm.process import Processes\n"
        "Processes(1 << 30).run('go_back', json.loads(sys.argv[1]), timeout=600, doing='a test')\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, json.dumps(asked(silent))], cwd=ROOT) as worker:
        wait_until(lambda: children(worker.pid))
        [child] = children(worker.pid)
        assert runs(child)
        worker.kill()

    wait_until(lambda: not runs(child))


def test_a_child_ends_at_its_wall_limit(silent: str) -> None:
    """Whatever it waits for."""
    with pytest.raises(ChildEnded, match=r"took longer than it may.*deploy\.helm\.timeout"):
        Processes(1 << 30, grace=0.5).run("go_back", asked(silent), timeout=1, doing="a test")

    assert children() == []


def test_a_child_takes_no_more_memory_than_it_may(silent: str) -> None:
    """It is ended, and the message says how much it took."""
    with pytest.raises(ChildEnded, match=r"takes \d+ MiB of memory, and 20 are allowed"):
        Processes(20 * MIB).run("go_back", asked(silent), timeout=600, doing="a test")


def test_a_child_begins_nothing_once_its_time_is_over(silent: str) -> None:
    """Its answer says so."""
    answer = Processes(1 << 30).run("go_back", asked(silent, until=0), timeout=600, doing="a test")

    assert answer["failed"] == "TooLate"


def test_only_so_many_run_at_a_time() -> None:
    """Whoever comes then goes back as it came."""
    processes = Processes(1 << 30)
    with processes.room(2, "one"), processes.room(2, "another"), pytest.raises(Busy, match="2 deployments run here"):
        processes.room(2, "a third").__enter__()

    with processes.room(1, "afterwards"):
        pass


def test_nobody_waits_for_the_answer_of_a_child_that_was_killed() -> None:
    """Its records tell how far it came."""
    processes = Processes(1 << 30)
    found: list[BaseException] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        job = asked(f"http://127.0.0.1:{server.getsockname()[1]}")

        def run() -> None:
            try:
                processes.run("go_back", job, timeout=600, doing="a test")
            except ChildEnded as error:
                found.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        wait_until(children)
        os.kill(children()[0], 9)
        thread.join(30)

    assert "code -9" in str(found[0])


def test_a_token_is_in_no_argument_no_variable_and_no_file(silent: str) -> None:
    """It goes through the pipe."""
    token = "secret-token-of-qa"
    job = asked(silent)
    job["cluster"]["token"] = token
    thread = threading.Thread(target=lambda: _ignoring(job))
    thread.start()
    wait_until(children)
    [child] = children()
    try:
        home = Path(f"/proc/{child}/cwd").readlink()
        wait_until((home / "authority.pem").exists)
        seen = [Path(f"/proc/{child}/{name}").read_bytes() for name in ("cmdline", "environ")]
        seen += [file.read_bytes() for file in home.rglob("*") if file.is_file() and file.name != "helm"]
    finally:
        os.kill(child, 9)
        thread.join(30)

    assert len(seen) > 2
    assert not any(token.encode() in one for one in seen)


def _ignoring(job: dict[str, Any]) -> None:
    with pytest.raises(ChildEnded):
        Processes(1 << 30).run("go_back", job, timeout=600, doing="a test")
