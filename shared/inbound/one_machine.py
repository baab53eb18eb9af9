"""Policy as it holds on one machine: one registry, no identities, and GitOps on disk where a cluster would be asked."""

from __future__ import annotations

from shared.domain.policies.policy import EnvironmentPolicy, GitOpsTarget
from shared.domain.values.records import replace
from shared.inbound.changed_policies import ChangedPolicies
from shared.ports.policies import PolicyReader


class OneMachinePolicies(ChangedPolicies):
    """Reads policy by another reader and keeps it on this machine, so that trying a monorepo never touches its cluster."""

    def __init__(self, reader: PolicyReader, *, registry: str | None, deploy: GitOpsTarget) -> None:
        super().__init__(reader, registry=registry)
        self._deploy = deploy

    def environment(self, environment: EnvironmentPolicy) -> EnvironmentPolicy:
        """See ChangedPolicies."""
        named = environment.deploy
        if not isinstance(named, GitOpsTarget):
            return replace(environment, deploy=self._deploy, identity=None)
        # What is judged there is judged here.
        kept = replace(self._deploy, path=named.path, hooks=named.hooks)
        return replace(environment, deploy=kept, identity=None)
