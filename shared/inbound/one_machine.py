"""Policy as it holds on one machine: one registry, no identities, and GitOps on disk where a cluster would be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.domain.policy import EnvironmentPolicy, GitOpsTarget, RepositoryPolicy, ServicePolicy
from shared.domain.policy_digest import policy_digest
from shared.ports.policies import Fault, PolicyReader


class OneMachinePolicies:
    """Reads policy by another reader and keeps it on this machine, so that trying a monorepo never touches its cluster."""

    def __init__(self, reader: PolicyReader, *, registry: str | None, deploy: GitOpsTarget) -> None:
        self._reader, self._registry, self._deploy = reader, registry, deploy

    def compile(self, content: bytes, *, repository: str, commit: str, files: Sequence[str]) -> RepositoryPolicy:
        """See PolicyReader."""
        policy = self._reader.compile(content, repository=repository, commit=commit, files=files)
        return replace(policy, services=tuple(self._service(one) for one in policy.services))

    def at_approvers(self, content: bytes, problems: Mapping[str, str]) -> Sequence[Fault]:
        """See PolicyReader."""
        return self._reader.at_approvers(content, problems)

    def _service(self, policy: ServicePolicy) -> ServicePolicy:
        changed = replace(
            policy,
            registry=self._registry or policy.registry,
            environments=tuple(self._environment(one) for one in policy.environments),
        )
        return replace(changed, digest=policy_digest(changed))

    def _environment(self, environment: EnvironmentPolicy) -> EnvironmentPolicy:
        named = environment.deploy
        path = named.path if isinstance(named, GitOpsTarget) else self._deploy.path
        return replace(environment, deploy=replace(self._deploy, path=path), identity=None)
