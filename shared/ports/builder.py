"""What builds a change: unit tests, image, scan, push, chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.domain.charts.belonging import Home
from shared.domain.charts.hooks import Hooks
from shared.domain.policies.place import Place
from shared.domain.policies.setting import Setting
from shared.domain.state.build import (
    NO_HANDLE,
    PACKAGE,
    VALIDATE_BRANCH,
    VALIDATE_PULL_REQUEST,
    BuildHandle,
    BuildOutcome,
    BuildResult,
    ScanResult,
    Step,
    StepResult,
    TestCounts,
    WouldBlock,
)
from shared.domain.values.artifact import PartName

__all__ = [
    "PACKAGE",
    "VALIDATE_BRANCH",
    "VALIDATE_PULL_REQUEST",
    "NO_HANDLE",
    "BuildHandle",
    "BuildOrder",
    "BuildOutcome",
    "BuildResult",
    "BuildUnderWay",
    "Builder",
    "ScanResult",
    "Step",
    "StepResult",
    "RenderFor",
    "TestCounts",
    "WouldBlock",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderFor:
    """How a place would have the chart: templates, and what their placeholders mean there.

    `version`, `tag` and `digest` are stand-ins, for as long as nothing is pushed. `hooks` says who runs hooks, None that Helm does.
    """

    place: Place
    values: tuple[str, ...]
    set: tuple[tuple[str, Setting], ...]
    placeholders: tuple[tuple[str, str], ...]
    hooks: Hooks | None
    home: Home


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOrder:
    """What to build. `version` is set where something is pushed; `id` is the effect's.

    `env` names what the test command sees of the host's environment, beside what every command sees. `parts` are what the version
    is made of: a builder reports each of them, or none and pushes under the version's tags.
    """

    id: str
    repository: str
    service: str
    commit: str
    ref: str
    path: str
    dockerfile: str
    context: str
    chart: str
    steps: tuple[Step, ...]
    test: str | None = None
    test_target: str | None = None
    args: tuple[tuple[str, str], ...] = ()
    env: tuple[str, ...] = ()
    version: str | None = None
    registry: str
    parts: tuple[PartName, ...]
    environments: tuple[RenderFor, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildUnderWay:
    """The build is not finished; ask again after so many seconds. `handle` names its run from now on."""

    look_again: int
    handle: BuildHandle = NO_HANDLE


class Builder(Protocol):
    """Builds an order once: asked again with the same id it finds the build under way, or its result.

    `handle` is what it named the run by before; empty where it has not, or where nobody has heard of it: then the id counts.
    """

    def build(self, order: BuildOrder, handle: BuildHandle) -> BuildResult | BuildUnderWay:
        """Start the build, or look for it; a local builder works until it has ended. Raise Transient, Permanent."""
        ...

    def cancel(self, order_id: str, handle: BuildHandle) -> None:
        """Stop a build if it runs; harmless where it does not."""
        ...
