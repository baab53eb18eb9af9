"""Builds that are asked for again, cancelled, or left behind by a host that died."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.git_disk.source import GitSource
from shared.adapters.helm_charts import HelmCharts
from shared.adapters.local_build import LocalBuilder, leftovers
from shared.adapters.local_build.sight import Sight
from shared.adapters.oci_registry import OciRegistry
from shared.ports.builder import NO_HANDLE, VALIDATE_BRANCH, BuildOrder, BuildOutcome, BuildResult, BuildUnderWay
from shared.ports.errors import Transient
from tests.support.build_site import Site
from tests.support.process_state import alive, held, wait_for

ROOT = Path(__file__).parents[3]
# A test that starts a process of its own and waits until it is let go. Both hold the lock of a file while they live: what keeps
# them apart from us may give them other ids than ours.
WAITING = """
import fcntl, os, subprocess, sys, time
both = open({note!r} + ".new", "w")
fcntl.flock(both, fcntl.LOCK_EX)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], pass_fds=[both.fileno()])
os.replace({note!r} + ".new", {note!r})
while not os.path.exists({gate!r}):
    time.sleep(0.005)
print("Ran 1 test in 0.1s\\nOK")
"""
TestsOnly = Callable[[str], BuildOrder]


class Waiting:
    """An order whose test waits, and the processes of it."""

    def __init__(self, site: Site, tests_only: TestsOnly) -> None:
        self.site, self.note, self.gate = site, site.notes / "both", site.notes / "gate"
        self.order = tests_only(WAITING.format(note=str(self.note), gate=str(self.gate)))

    def has_begun(self) -> None:
        """Come back once the test's process and its child run."""
        wait_for(self.note.exists, "the test's processes")

    def lives(self) -> bool:
        """Whether the test's process or its child does, of those that began."""
        return held(self.note)


@pytest.fixture
def waiting(site: Site, tests_only: TestsOnly) -> Waiting:
    """A build to interrupt."""
    return Waiting(site, tests_only)


@pytest.fixture
def started(waiting: Waiting) -> Iterator[Future[BuildResult | BuildUnderWay]]:
    """The build under way in a thread of this process."""
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(waiting.site.builder().build, waiting.order, NO_HANDLE)
        waiting.has_begun()
        yield future
        waiting.gate.touch()


def test_asked_again_it_tells_the_same_result(site: Site, tests_only: TestsOnly) -> None:
    """Also to a host that was started since, and without running anything."""
    log = site.notes / "runs"
    order = tests_only(f"open({str(log)!r}, 'a').write('run ')\nprint('Ran 1 test in 0.1s\\nFAILED (errors=1)')")
    first = site.build(order)

    again = site.build(order)

    assert again == first
    assert log.read_text() == "run "


def test_a_build_under_way_is_not_begun_twice(waiting: Waiting, started: Future[BuildResult | BuildUnderWay]) -> None:
    """Whoever asks meanwhile is told to look again; then there is the result."""
    meanwhile = waiting.site.builder().build(waiting.order, NO_HANDLE)
    waiting.gate.touch()

    assert isinstance(meanwhile, BuildUnderWay)
    assert meanwhile.handle == NO_HANDLE
    assert started.result() == waiting.site.build(waiting.order)


def test_another_build_of_the_service_is_not_in_the_way(
    waiting: Waiting, started: Future[BuildResult | BuildUnderWay]
) -> None:
    """Orders are told apart by their ids."""
    result = waiting.site.build(replace(waiting.order, id="monorepo~delivery:9:build:1", test="python -m unittest"))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    assert not started.done()


def test_a_cancelled_build_ends_with_its_processes(
    waiting: Waiting, started: Future[BuildResult | BuildUnderWay]
) -> None:
    """The test and what it started are gone when the result says cancelled."""
    waiting.site.builder().cancel(waiting.order.id, NO_HANDLE)

    result = started.result()
    assert isinstance(result, BuildResult)
    assert result.outcome is BuildOutcome.CANCELLED
    assert "delivery at" in result.reason
    wait_for(lambda: not waiting.lives(), "the end of the test's processes")


def test_a_build_that_was_cancelled_before_it_began_does_not_begin(site: Site, tests_only: TestsOnly) -> None:
    """Cancel and build may arrive in either order."""
    order = tests_only("print('Ran 1 test in 0.1s\\nOK')")
    site.builder().cancel(order.id, NO_HANDLE)

    assert site.build(order).outcome is BuildOutcome.CANCELLED


def test_cancelling_what_has_ended_changes_nothing(site: Site, tests_only: TestsOnly) -> None:
    """The result stays what it was."""
    order = tests_only("print('Ran 1 test in 0.1s\\nOK')")
    ended = site.build(order)

    site.builder().cancel(order.id, NO_HANDLE)

    assert site.build(order) == ended


def test_tests_that_never_end_are_ended(waiting: Waiting) -> None:
    """Their time is bounded, they fail, and nothing of them lives on."""
    builder = LocalBuilder(
        source=GitSource({"monorepo": waiting.site.repository.path}),
        charts=HelmCharts(),
        registry=OciRegistry(),
        evidence=waiting.site.evidence,
        folder=waiting.site.folder,
        caches=waiting.site.folder.parent / "caches",
        timeout=timedelta(seconds=2),
        sight=Sight(writes=(waiting.site.notes,)),
    )

    result = builder.build(waiting.order, NO_HANDLE)

    assert isinstance(result, BuildResult)
    assert result.outcome is BuildOutcome.FAILED
    assert "did not end within 2 s" in result.reason
    wait_for(lambda: not waiting.lives(), "the end of the test's processes")


def test_what_a_test_leaves_running_is_ended(waiting: Waiting) -> None:
    """A server that a test forgot does not outlive the build."""
    waiting.gate.touch()

    result = waiting.site.build(waiting.order)

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    wait_for(lambda: not waiting.lives(), "the end of the forgotten process")


def kill_a_host(waiting: Waiting) -> None:
    """Begin the build in a host of its own, and kill that with SIGKILL in the middle."""
    command = [sys.executable, "-m", "tests.support.build_host", str(waiting.site.folder.parent), "python run.py"]
    with subprocess.Popen(command, cwd=ROOT) as host:
        waiting.has_begun()
        host.kill()


def test_processes_die_with_their_host(waiting: Waiting) -> None:
    """After kill -9 neither the test nor what it started lives on."""
    kill_a_host(waiting)

    wait_for(lambda: not waiting.lives(), "the end of the test's processes")


def test_a_build_whose_host_died_is_done_again(waiting: Waiting) -> None:
    """The next host finds no result and no lock, and starts from nothing."""
    kill_a_host(waiting)
    first = waiting.note.with_name("first")
    waiting.note.rename(first)
    waiting.gate.touch()

    result = waiting.site.build(waiting.order)

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    assert not held(first)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a group and would run for long."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        yield process
        process.kill()


def test_a_leftover_process_is_ended(stranger: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """What was noted and still runs is killed before the folder is used again."""
    leftovers.note(tmp_path / "process.json", stranger.pid)

    leftovers.end(tmp_path / "process.json")

    assert not alive(stranger.pid)
    assert not (tmp_path / "process.json").exists()


@pytest.mark.parametrize(
    "noted", ['{{"pid": {pid}, "started": "1"}}', '{{"pid": {pid}', '{{"pid": {pid}, "started": null}}']
)
def test_a_process_that_took_over_the_number_is_left_alone(
    stranger: subprocess.Popen[bytes], tmp_path: Path, noted: str
) -> None:
    """A number alone is no proof: the time of start must be the noted one."""
    (tmp_path / "process.json").write_text(noted.format(pid=stranger.pid))

    leftovers.end(tmp_path / "process.json")

    assert alive(stranger.pid)


def test_a_validation_of_a_branch_needs_no_registry(site: Site) -> None:
    """Unit tests alone run where nothing else can be reached."""
    result = site.build(site.order(steps=VALIDATE_BRANCH, version=None, registry=""))

    assert result.outcome is BuildOutcome.SUCCEEDED


def test_what_fails_on_a_full_disk_is_not_the_change_s_fault(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is built again when there is room; the same failure with room enough is the change's."""
    order = site.order(steps=VALIDATE_BRANCH, version=None, registry="", test="false")
    room = shutil.disk_usage("/")
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: room._replace(free=0))
        with pytest.raises(Transient, match=r"is full .*exit code 1.*; make room there"):
            site.build(order)

    assert site.build(order).outcome is BuildOutcome.FAILED
