"""Builds as decisions see them: steps, counts, results."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.domain.policies.policy import Severity
from shared.domain.values.artifact import ArtifactPart
from shared.domain.values.records import Record, Time
from shared.domain.values.words import counted


class Step(StrEnum):
    """Steps of a build, in their order: whatever may refuse a change comes before anything is pushed."""

    UNIT_TESTS = "unit-tests"
    IMAGE = "image"
    SCAN = "scan"
    CHART = "chart"
    PUSH_IMAGE = "push-image"
    PUSH_CHART = "push-chart"


# What fails a validation fails a release's build, and the other way round: only pushing is left out.
VALIDATE_BRANCH = (Step.UNIT_TESTS, Step.IMAGE, Step.CHART)
VALIDATE_PULL_REQUEST = (Step.UNIT_TESTS, Step.IMAGE, Step.SCAN, Step.CHART)
PACKAGE = tuple(Step)


class BuildOutcome(StrEnum):
    """How a build ended: failed is the change's fault, errored the platform's."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ERRORED = "errored"
    CANCELLED = "cancelled"


class TestCounts(Record):
    """Counted from JUnit XML or the runner's output."""

    __test__ = False

    passed: int
    failed: int
    skipped: int


class StepResult(Record):
    """One step's end; `output` is the evidence (SHA-256) of what it printed, `milliseconds` how long it took."""

    step: Step
    outcome: BuildOutcome = BuildOutcome.SUCCEEDED
    output: str
    milliseconds: int
    reason: str = ""


class ScanResult(Record):
    """The worst severity that a scanner reported for the image, or why there is no report (unknown).

    `by_change`: the change's own tests wrote the report, so that it is worth as much as they are.
    """

    worst: Severity | None
    reason: str = ""
    by_change: bool = False


class WouldBlock(Record):
    """Why an environment's gates would keep the change out as it is; that fails no build.

    `reason` names the first finding and counts the others; the build's output has them all.
    """

    environment: str
    reason: str


class BuildResult(Record):
    """How a build ended. Reported by a builder the parts are its claim; in an event they were read back.

    `would_block` holds at most one reason for each environment, of bounded length.
    `tagged` says that the builder did not name all parts, and that these are what the version's tags named: all stand already.
    """

    outcome: BuildOutcome
    reason: str
    steps: tuple[StepResult, ...] = ()
    tests: TestCounts | None = None
    scan: ScanResult | None = None
    parts: tuple[ArtifactPart, ...] = ()
    would_block: tuple[WouldBlock, ...] = ()
    tagged: bool = False


class BuildHandle(Record):
    """Names a run at the host that builds: its id there, and where people look at it. Empty where nobody else runs anything."""

    id: str = ""
    link: str = ""


NO_HANDLE = BuildHandle()


class BuildRun(Record):
    """A build that was ordered and has not reported. `number` counts the builds of a service, `attempt` retries."""

    number: int
    attempt: int
    commit: str
    since: Time
    deadline: Time
    handle: BuildHandle = NO_HANDLE

    def ended(self, result: BuildResult, *, at: datetime, ref: str, version: str) -> ReportedBuild:
        """Return how it ended, as it can be read from now on."""
        return ReportedBuild(
            number=self.number,
            attempt=self.attempt,
            ref=ref,
            commit=self.commit,
            version=version,
            since=self.since,
            at=at,
            result=result,
            handle=self.handle,
        )


class ReportedBuild(Record):
    """A build that ended, of a release (`version`) or of a branch: it was ordered at `since` and ended at `at`."""

    number: int
    attempt: int
    ref: str
    commit: str
    version: str
    since: Time
    at: Time
    result: BuildResult
    handle: BuildHandle = NO_HANDLE


def would_block(result: BuildResult | None) -> str:
    """Say which environments would keep the change out as it is, and why the first one would."""
    if result is None or not result.would_block:
        return ""
    first, *others = result.would_block
    more = f", and so would {counted(len(others), 'other environment')}" if others else ""
    return f"; {first.environment} would block{more}: {first.reason}"
