"""Policy as it holds where environments have identities: production has one of its own, whether the file says so or not."""

from __future__ import annotations

from collections.abc import Set

from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.values.records import replace
from shared.inbound.changed_policies import ChangedPolicies
from shared.ports.policies import BrokenPolicy, Fault, PolicyReader

_PRODUCTION = "production"


class PoliciesWithIdentities(ChangedPolicies):
    """Reads policy by another reader, and gives the environment `production` its identity where the file names none.

    `production` are the identities that production's worker holds.
    """

    def __init__(self, reader: PolicyReader, *, registry: str | None, production: Set[str]) -> None:
        super().__init__(reader, registry=registry)
        self._production = production

    def environment(self, environment: EnvironmentPolicy) -> EnvironmentPolicy:
        """See ChangedPolicies."""
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
