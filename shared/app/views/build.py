"""A build as people read it: within its release or branch, or by its number."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, TypeAlias
from urllib.parse import quote

from msgspec import Meta

from shared.app.views.view import View
from shared.domain.policies.policy import Severity
from shared.domain.state.build import BuildHandle, BuildOutcome, BuildResult, BuildRun, ReportedBuild, Step
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import Time

RUNNING: Final = "running"
# The library takes no union of an enumeration and a word.
OutcomeOrRunning: TypeAlias = Annotated[str, Meta(extra_json_schema={"enum": [*map(str, BuildOutcome), RUNNING]})]


class BuildStepView(View):
    """One step of a build; `output` is where it can be read, empty where nothing was kept."""

    step: Step
    outcome: BuildOutcome
    reason: str
    milliseconds: int
    output: str


class TestsView(View):
    """Counted unit tests."""

    __test__: ClassVar[bool] = False

    passed: int
    failed: int
    skipped: int


class ScanView(View):
    """The worst severity that was found, None where it is unknown, with the reason; `by_change`: its own tests wrote it."""

    worst: Severity | None
    reason: str
    by_change: bool


class WouldBlockView(View):
    """Why an environment's gates would keep the change out as it is."""

    environment: str
    reason: str


class BuildView(View):
    """The build that runs (`deadline` is set), or the result of the one that ended; `url` is where all of it is read.

    `link` leads to its run at the host that builds, and is empty where nobody else runs it.
    """

    number: int
    attempt: int | None
    url: str
    link: str = ""
    outcome: OutcomeOrRunning
    reason: str = ""
    since: Time | None
    deadline: Time | None
    tests: TestsView | None = None
    scan: ScanView | None = None
    steps: tuple[BuildStepView, ...] = ()
    would_block: tuple[WouldBlockView, ...] = ()


class NumberedBuildView(View):
    """A build by its number: of a release (`version` is set) or a branch. `at` is when it ended, None while it runs.

    `link` leads to its run at the host that builds, and is empty where nobody else runs it.
    """

    repository: str
    service: str
    number: int
    attempt: int
    ref: str
    commit: str
    version: str | None
    link: str = ""
    outcome: OutcomeOrRunning
    reason: str = ""
    since: Time
    at: Time | None = None
    tests: TestsView | None = None
    scan: ScanView | None = None
    steps: tuple[BuildStepView, ...] = ()
    would_block: tuple[WouldBlockView, ...] = ()


def running_build(service: ServiceKey, run: BuildRun) -> BuildView:
    """Describe a build that was ordered and has not reported."""
    return BuildView(
        number=run.number,
        attempt=run.attempt,
        url=_url(service, run.number),
        link=_link(run.handle),
        outcome=RUNNING,
        since=run.since,
        deadline=run.deadline,
    )


def ended_build(service: ServiceKey, number: int, result: BuildResult, handle: BuildHandle) -> BuildView:
    """Describe the build whose result a release keeps."""
    return BuildView.of(
        result,
        number=number,
        attempt=None,
        url=_url(service, number),
        link=_link(handle),
        since=None,
        deadline=None,
        steps=_steps(service, number, result),
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
        link=_link(run.handle),
        outcome=RUNNING,
        since=run.since,
    )


def ended_by_number(service: ServiceKey, build: ReportedBuild) -> NumberedBuildView:
    """Describe a build that ended, and what it was of."""
    steps = _steps(service, build.number, build.result)
    return NumberedBuildView.of(
        service, build, build.result, version=build.version or None, link=_link(build.handle), steps=steps
    )


def _link(handle: BuildHandle) -> str:
    """Return what a page may lead to: another host named it."""
    return handle.link if handle.link.startswith(("https://", "http://")) else ""


def _url(service: ServiceKey, number: int, below: str = "") -> str:
    return f"/api/services/{service.service}/builds/{number}{below}?repository={quote(service.repository)}"


def _steps(service: ServiceKey, number: int, result: BuildResult) -> tuple[BuildStepView, ...]:
    return tuple(
        BuildStepView.of(one, output=_url(service, number, f"/steps/{one.step}/output") if one.output else "")
        for one in result.steps
    )
