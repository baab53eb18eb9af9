"""A local builder with everything around it: the sample in a real git repository, a real registry."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest

from shared.adapters.git_disk.source import GitSource
from shared.adapters.helm_charts import HelmCharts
from shared.adapters.local_build import LocalBuilder, namespaces
from shared.adapters.local_build.sight import Sight
from shared.adapters.oci_registry import OciRegistry
from shared.app.performing.building import render_for
from shared.build_settings import BuildSettings
from shared.config import host_variables
from shared.domain.policies.policy import GitOpsTarget, ServicePolicy
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.builder import NO_HANDLE, PACKAGE, Builder, BuildOrder, BuildResult
from tests.contracts.memory.rows import MemoryEvidence
from tests.support.git_repositories import GitRepository

# The end of a test script.
PASSED = "\nprint('Ran 1 test in 0.1s\\nOK')"
# What may keep a build to its folders, as `Sight.by` says it.
IN_NAMESPACES = (
    pytest.mark.real("bubblewrap"),
    pytest.mark.skipif(
        bool(shutil.which("bwrap")) and not namespaces.program(),
        reason="this system lets nobody have namespaces of their own",
    ),
)
KEPT_BY = (pytest.param("bubblewrap", marks=IN_NAMESPACES), "landlock", "")
SAMPLE = Path(__file__).parents[2] / "infra/samples/monorepo"
Files = Mapping[str, str | bytes | None]


@cache
def _policy(service: str) -> ServicePolicy:
    reader = SlipwayYaml(local_deploy=GitOpsTarget(repository="environments.git"))
    content = (SAMPLE / "slipway.yaml").read_bytes()
    found = reader.compile(content, repository="monorepo", commit="", files=()).service(service)
    assert found is not None
    return found


@dataclass
class Site:
    """A builder with everything around it."""

    folder: Path
    repository: GitRepository
    registry: str
    evidence: MemoryEvidence = field(default_factory=MemoryEvidence)
    charts: HelmCharts = field(default_factory=HelmCharts)
    kept_by: str | None = None
    limits: BuildSettings = field(default_factory=BuildSettings)

    def builder(self) -> Builder:
        """A builder as a host makes it at its start."""
        return LocalBuilder(
            source=GitSource({"monorepo": self.repository.path}, most_bytes=self.limits.disk),
            charts=self.charts,
            registry=OciRegistry(),
            evidence=self.evidence,
            folder=self.folder,
            sight=Sight(writes=(self.notes,), by=self.kept_by),
            caches=self.folder.parent / "caches",
            most_disk=self.limits.disk,
            most_cached=self.limits.caches,
            host=host_variables,
        )

    @property
    def notes(self) -> Path:
        """A folder that test commands may write in and that stays."""
        made = self.folder.parent / "notes"
        made.mkdir(exist_ok=True)
        return made

    def order(self, files: Files | None = None, **fields: object) -> BuildOrder:
        """An order to package version 1.0.2 of delivery, after a commit of the files."""
        commit = self.repository.commit(files) if files else self.repository.tip()
        assert commit is not None
        policy = _policy(str(fields.get("service", "delivery")))
        order = BuildOrder(
            id="monorepo~delivery:1:build:1",
            repository="monorepo",
            service="delivery",
            commit=commit,
            ref="refs/heads/release/delivery/v1.0.2",
            path="src/shipping/delivery",
            dockerfile="src/shipping/delivery/Dockerfile",
            context="src/shipping/delivery",
            chart="charts/delivery",
            steps=PACKAGE,
            test="python -m unittest",
            version="1.0.2",
            registry=self.registry,
            parts=policy.parts,
            environments=tuple(
                render_for(policy, environment_policy, commit) for environment_policy in policy.environments
            ),
        )
        return replace(order, **fields)  # type: ignore[arg-type] # fields by name, as the test wants them

    def build(self, order: BuildOrder) -> BuildResult:
        """Build, and expect a result."""
        result = self.builder().build(order, NO_HANDLE)
        assert isinstance(result, BuildResult)
        return result

    def registry_is_empty(self) -> bool:
        """Whether nothing was pushed, under a tag or by digest alone."""
        return not any((self.folder.parent / "registry/blobs").rglob("*/*/*"))

    def output(self, result: BuildResult) -> str:
        """What the last step printed."""
        return self.evidence.get(result.steps[-1].output).decode()
