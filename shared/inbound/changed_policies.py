"""Policy as an installation changes it after it was read: its registry, and each environment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from shared.domain.policies.policy import EnvironmentPolicy, RepositoryPolicy, ServicePolicy
from shared.domain.policies.policy_digest import policy_digest
from shared.domain.values.records import replace
from shared.ports.policies import Fault, PolicyReader


class ChangedPolicies(ABC):
    """Reads policy by another reader and changes it; `registry`, where set, takes the place of the file's."""

    def __init__(self, reader: PolicyReader, *, registry: str | None) -> None:
        self._reader, self._registry = reader, registry

    def compile(self, content: bytes, *, repository: str, commit: str, files: Sequence[str]) -> RepositoryPolicy:
        """See PolicyReader."""
        policy = self._reader.compile(content, repository=repository, commit=commit, files=files)
        return replace(policy, services=tuple(self._service(one) for one in policy.services))

    def at_approvers(self, content: bytes, problems: Mapping[str, str]) -> Sequence[Fault]:
        """See PolicyReader."""
        return self._reader.at_approvers(content, problems)

    @abstractmethod
    def environment(self, environment: EnvironmentPolicy) -> EnvironmentPolicy:
        """Return an environment as it holds here."""

    def _service(self, policy: ServicePolicy) -> ServicePolicy:
        changed = replace(
            policy,
            registry=self._registry or policy.registry,
            environments=tuple(self.environment(one) for one in policy.environments),
        )
        return replace(changed, digest=policy_digest(changed))
