"""What the steps of one build share, and how a step says that the build ends here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from shared.adapters.local_build.disk import Taken
from shared.adapters.local_build.scans import ScanReport
from shared.adapters.local_build.sight import Sight
from shared.adapters.local_build.surroundings import HostVariables
from shared.domain.values.artifact import ArtifactPart, PartKind
from shared.domain.values.names import Digest
from shared.domain.values.version import Version
from shared.ports.builder import BuildOrder, ScanResult, TestCounts, WouldBlock
from shared.ports.chart import Charts
from shared.ports.errors import Permanent
from shared.ports.registry import Registry
from shared.ports.source import Source

SCAN_REPORT = "scan.json"
# What test commands write in is one folder: between two that are seen apart, nothing can be renamed.
TESTS = "tests"
TESTED = f"{TESTS}/tree"


class StepFailed(Exception):
    """The change is at fault; `output` is what the step printed."""

    def __init__(self, reason: str, output: bytes = b"") -> None:
        super().__init__(reason)
        self.output = output


class Cancelled(Exception):
    """Nobody wants the build any more; `output` is what the step had printed."""

    def __init__(self, output: bytes = b"") -> None:
        super().__init__("cancelled")
        self.output = output


# Is told of an environment everything that would keep the change out of it.
Judged: TypeAlias = Callable[[str, Sequence[str]], None]


def nobody(environment: str, problems: Sequence[str]) -> None:
    """Hears of no problem; the build's output has them."""


@dataclass(kw_only=True)
class BuildWork:
    """One run of a build: what it works with, and what its steps found so far."""

    order: BuildOrder
    source: Source
    charts: Charts
    registry: Registry
    scratch: Path
    path: str
    cache: Path
    host: HostVariables
    seconds: float
    disk: Taken
    cancelled: Callable[[], bool]
    sight: Sight
    judged: Judged
    tests: TestCounts | None = None
    user: str | None = None
    layer: Path | None = None
    report: ScanReport | None = None
    scan: ScanResult | None = None
    image_digest: Digest | None = None
    chart_digest: Digest | None = None
    would_block: tuple[WouldBlock, ...] = ()
    _exported: set[str] = field(default_factory=set)

    @property
    def tested(self) -> Path:
        """The service's folder, as its tests see it. They may have put something else into its place."""
        return self.scratch / TESTED / self.order.path

    def tree(self, name: str) -> Path:
        """The commit's files: tests get a tree of their own, `TESTED`, for they may write into it."""
        folder = self.scratch / name
        if name not in self._exported:
            # Whole: tests and charts may use what lies beside the service.
            self.source.export(self.order.repository, self.order.commit, (), folder)
            self._exported.add(name)
        return folder

    def refuse_unusable(self, *paths: str) -> None:
        """Raise StepFailed where what is used cannot be: links that lead out, submodules, pointers of Git LFS."""
        refusal = self.source.used_paths(self.order.repository, self.order.commit, paths).refusal()
        if refusal:
            raise StepFailed(refusal)

    def tag(self) -> str:
        """The version's tag; an order that pushes must have one."""
        return f"v{self.version()}"

    def repository(self, kind: PartKind) -> str:
        """Where the part of that kind is pushed to; raise Permanent(ours) for an order of other parts than are made here."""
        found = [name.repository for name in self.order.parts if name.kind is kind]
        if len(found) != 1:
            parts = ", ".join(map(str, self.order.parts))
            raise Permanent(
                f"one image and one chart are built on one machine, but {self.order.service} has {parts}", ours=True
            )
        return found[0]

    def parts(self) -> tuple[ArtifactPart, ...]:
        """What was pushed so far."""
        pushed = {PartKind.IMAGE: self.image_digest, PartKind.CHART: self.chart_digest}
        digests = ((name, pushed[name.kind]) for name in self.order.parts)
        return tuple(name.at(Version.parse(self.version()), digest) for name, digest in digests if digest)

    def version(self) -> str:
        """The version; raise Permanent(ours) for an order without one."""
        if self.order.version is None:
            raise Permanent(f"build {self.order.id} is to push {self.order.service} and names no version", ours=True)
        return self.order.version
