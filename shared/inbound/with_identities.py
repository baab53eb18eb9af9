"""Policy as it holds where environments have identities: production has one of its own, whether the file says so or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from shared.domain.policy import EnvironmentPolicy, RepositoryPolicy, ServicePolicy
from shared.domain.policy_digest import policy_digest
from shared.ports.policies import BrokenPolicy, Fault, PolicyReader

_PRODUCTION = "production"


class PoliciesWithIdentities:
    """Reads policy by another reader, and gives the environment `production` its identity where the file names none.

    `production` are the identities that production's worker holds. `registry`, where set, takes the place of the file's.
    """

    def __init__(self, reader: PolicyReader, *, registry: str | None, production: Set[str]) -> None:
        self._reader, self._registry, self._production = reader, registry, production

    def compile(self, content: bytes, *, repository: str, commit: str, files: Sequence[str]) -> RepositoryPolicy:
        """See PolicyReader."""
        policy = self._reader.compile(content, repository=repository, commit=commit, files=files)
        return replace(policy, services=tuple(self._service(one) for one in policy.services))

    def at_approvers(self, content: bytes, problems: Mapping[str, str]) -> Sequence[Fault]:
        """See PolicyReader."""
        return self._reader.at_approvers(content, problems)

    def _service(self, policy: ServicePolicy) -> ServicePolicy:
        environments = tuple(self._environment(one) for one in policy.environments)
        changed = replace(policy, registry=self._registry or policy.registry, environments=environments)
        return replace(changed, digest=policy_digest(changed))

    def _environment(self, environment: EnvironmentPolicy) -> EnvironmentPolicy:
        if environment.name != _PRODUCTION or environment.identity is not None or not self._production:
            return environment
        if len(self._production) > 1:
            known = ", ".join(sorted(self._production))
            problem = f"is missing: production's worker has several identities, name one of {known}"
            raise BrokenPolicy(
                [Fault(file="slipway.yaml", line=0, key="environments.production.identity", problem=problem)]
            )
        [identity] = self._production
        return replace(environment, identity=identity)
