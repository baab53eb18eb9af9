"""The step that runs a service's own tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from shared.adapters.local_build import commands, counts
from shared.adapters.local_build.disk import DiskWatch, remove
from shared.adapters.local_build.sight import Sight
from shared.adapters.local_build.surroundings import CERTIFICATES, environment
from shared.adapters.local_build.work import SCAN_REPORT, TESTED, TESTS, BuildWork, Cancelled, StepFailed

REPORTS = "testresults"
NO_COMMAND = "there is no test command and no container engine here; set build.test in slipway.yaml"


def unit_tests(work: BuildWork) -> bytes:
    """Run the service's own test command in its folder and count what ran."""
    order = work.order
    if not order.test:
        raise StepFailed(NO_COMMAND)
    folder = _folder(work)
    where = folder.resolve()
    try:
        command = commands.arguments(order.test)
    except ValueError as error:
        raise StepFailed(
            f"the test command {order.test!r} cannot be read: {error}; correct build.test in slipway.yaml"
        ) from error
    home = work.scratch / TESTS / "home"
    home.mkdir(exist_ok=True)
    work.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    env = environment(home, work.path, cache=work.cache, host=work.host, named=order.env)
    watch = DiskWatch([work.scratch, work.cache], most=work.disk)
    ended = commands.run(
        command,
        cwd=folder,
        env=env,
        notes=work.scratch,
        seconds=work.seconds,
        largest=work.disk.bytes,
        cancelled=lambda: watch.look() or work.cancelled(),
        sight=_sight(work, env),
    )
    if watch.exceeded:
        most = f"{work.disk.bytes >> 20} MiB or {work.disk.files:,} files"
        raise StepFailed(
            f"the tests of {order.service} took more than {most} of the disk, with the commit's files and its cache; "
            "let them write less, or raise SLIPWAY_BUILD_DISK_MIB",
            ended.output,
        )
    if ended.cancelled:
        raise Cancelled(ended.output)
    if folder.resolve() != where:
        # What a link in its place leads to was made by nobody's tests, and may be the host's.
        raise StepFailed("the tests moved the folder that they ran in; let them leave it where it is", ended.output)
    _judge(work, ended, folder / REPORTS)
    return ended.output


def _folder(work: BuildWork) -> Path:
    """Where the tests run: the service's folder, without results that came with the commit and are nobody's."""
    path = work.order.path
    work.refuse_unusable(path)
    work.tree(TESTED)
    if not work.tested.is_dir():
        raise StepFailed(f"there is no folder {path} at this commit; correct the service's path in slipway.yaml")
    for left in (REPORTS, SCAN_REPORT):
        remove(work.tested / left)
    return work.tested


def _sight(work: BuildWork, env: Mapping[str, str]) -> Sight:
    trusted = tuple(Path(env[name]) for name in CERTIFICATES if name in env)
    sight = work.sight.with_writes(work.scratch / TESTS, work.cache)
    return replace(sight, reads=(*sight.reads, *trusted))


def _judge(work: BuildWork, ended: commands.EndedCommand, reports: Path) -> None:
    try:
        found = counts.of_reports(reports, ended_well=ended.code == 0 and not ended.timed_out)
        work.tests = found = found or counts.of_output(ended.output)
    except counts.UnreadableReport as error:
        raise StepFailed(f"the test results cannot be read: {error}", ended.output) from error
    if ended.timed_out:
        raise StepFailed(f"the tests did not end within {work.seconds:g} s; find what they wait for", ended.output)
    if found is not None and found.failed:
        ran = found.passed + found.failed
        raise StepFailed(f"{found.failed} of {ran} tests failed; correct them and push again", ended.output)
    if ended.code is None:
        raise StepFailed("the test command was killed; read its output", ended.output)
    if ended.code:
        raise StepFailed(f"the test command ended with exit code {ended.code}; read its output", ended.output)
    if found is None:
        raise StepFailed(
            f"the test command ran no test that could be counted; let it write JUnit XML into {REPORTS}/",
            ended.output,
        )
    if not found.passed:
        skipped = f" ({found.skipped} were skipped)" if found.skipped else ""
        raise StepFailed(f"the test command ran no test{skipped}; look at what it is pointed at", ended.output)
