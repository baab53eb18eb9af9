"""A build as people read it: within its release or branch, or by its number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote

from shared.app.views import records as view
from shared.domain.build import BuildOutcome, BuildResult, BuildRun, ReportedBuild
from shared.domain.names import ServiceKey

RUNNING: Final = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedBuildView:
    """A build by its number: of a release (`version` is set) or a branch. `at` is when it ended, None while it runs."""

    repository: str
    service: str
    number: int
    attempt: int
    ref: str
    commit: str
    version: str | None
    outcome: BuildOutcome | Literal["running"]
    reason: str
    since: datetime
    at: datetime | None
    tests: view.TestsView | None
    scan: view.ScanView | None
    steps: tuple[view.BuildStepView, ...]
    would_block: tuple[view.WouldBlockView, ...]


def running_build(service: ServiceKey, run: BuildRun) -> view.BuildView:
    """Describe a build that was ordered and has not reported."""
    return view.BuildView(
        number=run.number,
        attempt=run.attempt,
        url=_url(service, run.number),
        outcome=RUNNING,
        reason="",
        since=run.since,
        deadline=run.deadline,
        tests=None,
        scan=None,
        steps=(),
        would_block=(),
    )


def ended_build(service: ServiceKey, number: int, result: BuildResult) -> view.BuildView:
    """Describe the build whose result a release keeps."""
    return view.BuildView(
        number=number,
        attempt=None,
        url=_url(service, number),
        outcome=result.outcome,
        reason=result.reason,
        since=None,
        deadline=None,
        tests=_tests(result),
        scan=_scan(result),
        steps=_steps(service, number, result),
        would_block=_would_block(result),
    )


def running_by_number(service: ServiceKey, run: BuildRun, *, ref: str, version: str = "") -> NumberedBuildView:
    """Describe a build that has not reported, and what it is of."""
    return NumberedBuildView(
        repository=service.repository,
        service=service.service,
        number=run.number,
        attempt=run.attempt,
        ref=ref,
        commit=run.commit,
        version=version or None,
        outcome=RUNNING,
        reason="",
        since=run.since,
        at=None,
        tests=None,
        scan=None,
        steps=(),
        would_block=(),
    )


def ended_by_number(service: ServiceKey, build: ReportedBuild) -> NumberedBuildView:
    """Describe a build that ended, and what it was of."""
    return NumberedBuildView(
        repository=service.repository,
        service=service.service,
        number=build.number,
        attempt=build.attempt,
        ref=build.ref,
        commit=build.commit,
        version=build.version or None,
        outcome=build.result.outcome,
        reason=build.result.reason,
        since=build.since,
        at=build.at,
        tests=_tests(build.result),
        scan=_scan(build.result),
        steps=_steps(service, build.number, build.result),
        would_block=_would_block(build.result),
    )


def _url(service: ServiceKey, number: int, below: str = "") -> str:
    return f"/api/services/{service.service}/builds/{number}{below}?repository={quote(service.repository)}"


def _tests(result: BuildResult) -> view.TestsView | None:
    tests = result.tests
    return view.TestsView(passed=tests.passed, failed=tests.failed, skipped=tests.skipped) if tests else None


def _scan(result: BuildResult) -> view.ScanView | None:
    scan = result.scan
    return view.ScanView(worst=scan.worst, reason=scan.reason, by_change=scan.by_change) if scan else None


def _would_block(result: BuildResult) -> tuple[view.WouldBlockView, ...]:
    return tuple(view.WouldBlockView(environment=one.environment, reason=one.reason) for one in result.would_block)


def _steps(service: ServiceKey, number: int, result: BuildResult) -> tuple[view.BuildStepView, ...]:
    return tuple(
        view.BuildStepView(
            step=one.step,
            outcome=one.outcome,
            reason=one.reason,
            milliseconds=one.milliseconds,
            output=_url(service, number, f"/steps/{one.step}/output") if one.output else "",
        )
        for one in result.steps
    )
