"""Puts the steps together: read, validate by part, check between parts, make records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.policies.policy import DenyWindow, DeployTarget, GitOpsTarget, RepositoryPolicy, ServicePolicy
from shared.domain.policies.policy_digest import policy_digest
from shared.domain.values.artifact import PartKind, PartName
from shared.domain.values.names import ServiceKey
from shared.domain.values.placeholders import expand
from shared.domain.values.records import replace
from shared.inbound.slipway_yaml import records
from shared.inbound.slipway_yaml.discovery import Located, locate
from shared.inbound.slipway_yaml.document import read
from shared.inbound.slipway_yaml.environments import check_clusters, check_helm, check_order, targets_of, windows_of
from shared.inbound.slipway_yaml.faults import Faults
from shared.inbound.slipway_yaml.hosts import trouble
from shared.inbound.slipway_yaml.models import Environment, FileHead
from shared.inbound.slipway_yaml.parts import validate
from shared.inbound.slipway_yaml.places import check_repositories, check_targets


@dataclass(frozen=True, slots=True)
class _Whole:
    """A file without faults in its parts."""

    head: FileHead
    registry: str
    environments: Mapping[str, Environment | None]
    targets: Mapping[str, DeployTarget]
    windows: Mapping[str, Sequence[DenyWindow]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """One reading of one file, with what the host adds to it."""

    local_deploy: GitOpsTarget | None
    default_registry: str | None
    production: frozenset[str]

    def compile(self, content: bytes, *, repository: str, commit: str, files: Sequence[str]) -> RepositoryPolicy:
        """Raise BrokenPolicy with all faults of the parts and between them."""
        document = read(content)
        faults = document.faults
        parts = validate(document)
        environments = parts.environments
        check_order(parts, faults)
        targets = targets_of(parts, self.local_deploy, faults)
        check_helm(parts, targets, faults)
        check_clusters(parts, targets, self.production, faults)
        windows = windows_of(parts, faults)
        services = locate(parts.services, files, faults)
        check_targets(services, environments, targets, faults)
        registry = self.default_registry
        if parts.head is not None:
            self._check_registry(parts.head, faults)
            registry = parts.head.registry or registry
            check_repositories(parts.head.artifacts, services, environments, faults)
        if "registry" not in document.data and registry is None:
            faults.add(("registry",), "is missing: name the host that images and charts are pushed to")
        if faults or parts.head is None or registry is None:
            raise faults.broken()
        whole = _Whole(parts.head, registry, environments, targets, windows)
        policies = tuple(_policy(whole, each, ServiceKey(repository, each.name), commit) for each in services)
        return RepositoryPolicy(repository=repository, commit=commit, services=policies)

    def _check_registry(self, head: FileHead, faults: Faults) -> None:
        # A setting takes the place of what the file names; on one machine it is the machine's own.
        near = self.local_deploy is not None or self.default_registry is not None
        found = trouble(head.registry, near=near) if head.registry is not None else ""
        if found:
            faults.add(("registry",), found)


def _policy(whole: _Whole, located: Located, service: ServiceKey, commit: str) -> ServicePolicy:
    named = {"service": located.name}
    wanted = located.service.build
    policy = ServicePolicy(
        service=service,
        path=located.path,
        chart=located.chart,
        registry=whole.registry,
        parts=(
            PartName(kind=PartKind.IMAGE, repository=expand(whole.head.artifacts.image, named)),
            PartName(kind=PartKind.CHART, repository=expand(whole.head.artifacts.chart, named)),
        ),
        environments=tuple(
            records.environment(
                name,
                environment,
                chart=located.chart,
                deploy=whole.targets[name],
                freezes=whole.windows[name],
            )
            for name, environment in whole.environments.items()
            if environment is not None
        ),
        triggers=records.triggers(located),
        build=records.build(wanted),
        queueing=whole.head.queueing,
        build_deadline=wanted.deadline,
        commit=commit,
    )
    return replace(policy, digest=policy_digest(policy))
