"""What builds a change: unit tests, image, scan, push, chart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shared.domain.names import Digest
from shared.domain.policy import Severity


class Step(StrEnum):
    """Steps of a build, in their order."""

    UNIT_TESTS = "unit-tests"
    IMAGE = "image"
    SCAN = "scan"
    PUSH_IMAGE = "push-image"
    PACKAGE_CHART = "package-chart"
    PUSH_CHART = "push-chart"


VALIDATE_BRANCH = (Step.UNIT_TESTS,)
VALIDATE_PULL_REQUEST = (Step.UNIT_TESTS, Step.IMAGE, Step.SCAN)
PACKAGE = tuple(Step)


class BuildOutcome(StrEnum):
    """How a build ended: failed is the change's fault, errored the platform's."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ERRORED = "errored"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOrder:
    """What to build. `version` and the repositories are set where something is pushed; `id` is the effect's."""

    id: str
    repository: str
    service: str
    commit: str
    ref: str
    path: str
    chart: str
    steps: tuple[Step, ...]
    test: str | None = None
    test_target: str | None = None
    args: tuple[tuple[str, str], ...] = ()
    version: str | None = None
    registry: str = ""
    image_repository: str = ""
    chart_repository: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCounts:
    """Counted from JUnit XML or the runner's output."""

    __test__ = False

    passed: int
    failed: int
    skipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One step's end; `output` is the evidence (SHA-256) of what it printed, `milliseconds` how long it took."""

    step: Step
    outcome: BuildOutcome
    output: str
    milliseconds: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """The worst severity that a scanner reported for the image, or why there is no report (unknown)."""

    worst: Severity | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """What a build says of itself. Digests are its claim; the registry is asked before they count."""

    outcome: BuildOutcome
    reason: str
    steps: tuple[StepResult, ...]
    tests: TestCounts | None = None
    scan: ScanResult | None = None
    image_digest: Digest | None = None
    chart_digest: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildUnderWay:
    """The build is not finished; ask again after so many seconds."""

    look_again: int


class Builder(Protocol):
    """Builds an order once: asked again with the same id it finds the build under way, or its result."""

    def build(self, order: BuildOrder) -> BuildResult | BuildUnderWay:
        """Start the build, or look for it; a local builder works until it has ended. Raise Transient, Permanent."""
        ...

    def cancel(self, order_id: str) -> None:
        """Stop a build if it runs; harmless where it does not."""
        ...
