"""The Builder port on this machine."""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

from shared.adapters.local_build import results
from shared.adapters.local_build.caches import Caches
from shared.adapters.local_build.disk import MOST_FILES, Taken
from shared.adapters.local_build.sight import ONLY_ITS_OWN, Sight
from shared.adapters.local_build.steps import DO
from shared.adapters.local_build.surroundings import HostVariables, no_variables
from shared.adapters.local_build.work import BuildWork, Cancelled, Judged, StepFailed, nobody
from shared.adapters.local_build.workplace import Workplace
from shared.ports.builder import (
    BuildHandle,
    BuildOrder,
    BuildOutcome,
    BuildResult,
    BuildUnderWay,
    Step,
    StepResult,
)
from shared.ports.chart import Charts
from shared.ports.errors import Permanent, Transient
from shared.ports.evidence import Evidence
from shared.ports.registry import Registry
from shared.ports.source import Source

_LOOK_AGAIN = 5
_ROOM = 1 << 20
_LONGEST_REASON = 1500


class LocalBuilder:
    """Does the steps of a service's build one after the other and keeps what each of them printed.

    `folder` is the builder's own, `caches` the one that outlives builds; `path` is the PATH that test commands see, `host` tells
    what else of the host's environment they may see; `timeout` is for a test command, which sees its own folders and `sight`. `most_disk` is what a build may take of the
    disk, `most_cached` what all caches may, in bytes. `judged` hears whatever would keep a change out of an environment.
    Orders are safe to ask for from several threads and processes: one works, the others are told that it is under way.
    """

    def __init__(
        self,
        *,
        source: Source,
        charts: Charts,
        registry: Registry,
        evidence: Evidence,
        folder: Path,
        caches: Path,
        path: str = os.defpath,
        host: HostVariables = no_variables,
        timeout: timedelta = timedelta(minutes=30),
        most_disk: int = 8 << 30,
        most_cached: int = 16 << 30,
        sight: Sight = ONLY_ITS_OWN,
        judged: Judged = nobody,
    ) -> None:
        self._source, self._charts, self._registry, self._evidence = source, charts, registry, evidence
        # Absolute: commands run in folders of their own.
        self._folder, self._caches = folder.resolve(), Caches(caches.resolve(), most_bytes=most_cached)
        self._disk = Taken(most_disk, MOST_FILES)
        self._path, self._host, self._timeout = path, host, timeout
        self._sight, self._judged = sight, judged

    def build(self, order: BuildOrder, handle: BuildHandle) -> BuildResult | BuildUnderWay:  # noqa: ARG002 - the id is its name
        """Work until the build has ended; find it under way, or its result. Raise Transient, Permanent(ours)."""
        place = Workplace(self._folder, order.id)
        try:
            with place.taken() as ours:
                if not ours:
                    return BuildUnderWay(look_again=_LOOK_AGAIN)
                result = results.kept(place.result)
                if result is None:
                    result = self._run(order, place)
                    results.keep(place.result, result)
                return result
        except OSError as error:
            raise Transient(f"the build of {_named(order)} cannot work in {self._folder}: {error}") from error

    def cancel(self, order_id: str, handle: BuildHandle) -> None:  # noqa: ARG002 - the id is its name
        """Have a build end, its processes too; one that has ended stays as it is, one asked for later does not begin."""
        Workplace(self._folder, order_id).cancel()

    def _run(self, order: BuildOrder, place: Workplace) -> BuildResult:
        service = f"{order.repository}~{order.service}"
        with self._caches.used(service, version=order.version) as cache:
            return self._run_with(order, place, cache)

    def _run_with(self, order: BuildOrder, place: Workplace, cache: Path) -> BuildResult:
        work = BuildWork(
            order=order,
            source=self._source,
            charts=self._charts,
            registry=self._registry,
            scratch=place.cleared(),
            path=self._path,
            cache=cache,
            host=self._host,
            seconds=self._timeout.total_seconds(),
            disk=self._disk,
            cancelled=place.cancelled,
            sight=self._sight,
            judged=self._judged,
        )
        steps: list[StepResult] = []
        try:
            for step in order.steps:
                steps.append(self._step(step, work))
                if steps[-1].outcome is not BuildOutcome.SUCCEEDED:
                    break
        finally:
            place.close()
        outcome, reason = _end(order, steps)
        return BuildResult(
            outcome=outcome,
            reason=reason,
            steps=tuple(steps),
            tests=work.tests,
            scan=work.scan,
            parts=work.parts(),
            would_block=work.would_block,
        )

    def _step(self, step: Step, work: BuildWork) -> StepResult:
        started = time.monotonic()
        outcome, reason = BuildOutcome.SUCCEEDED, ""
        try:
            if work.cancelled():
                raise Cancelled
            output = DO[step](work)
        except StepFailed as failed:
            outcome, reason, output = BuildOutcome.FAILED, str(failed), failed.output
        except Cancelled as stopped:
            outcome, reason, output = BuildOutcome.CANCELLED, "nobody wants it any more", stopped.output
        except Permanent as refused:
            if refused.ours:
                raise
            outcome, reason, output = BuildOutcome.FAILED, str(refused), b""
        if outcome is BuildOutcome.FAILED and shutil.disk_usage(self._folder).free < _ROOM:
            # Whatever the step says went wrong: it may be for want of room, and not the change's fault.
            raise Transient(f"step {step} failed while the disk of {self._folder} is full ({reason}); make room there")
        return StepResult(
            step=step,
            outcome=outcome,
            output=self._evidence.put(output or f"{reason}\n".encode()),
            milliseconds=round((time.monotonic() - started) * 1000),
            reason=_short(reason),
        )


def _short(reason: str) -> str:
    """Keep what can be stored beside a release: messages of other programs may be of any length, and no text."""
    reason = reason.encode(errors="replace").decode()
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"


def _end(order: BuildOrder, steps: list[StepResult]) -> tuple[BuildOutcome, str]:
    if not steps or steps[-1].outcome is BuildOutcome.SUCCEEDED:
        return BuildOutcome.SUCCEEDED, ""
    last = steps[-1]
    return last.outcome, f"{_named(order)}: step {last.step} {last.outcome}: {last.reason}"


def _named(order: BuildOrder) -> str:
    return f"{order.service} {order.version}" if order.version else f"{order.service} at {order.commit[:12]}"
