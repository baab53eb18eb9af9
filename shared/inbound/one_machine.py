"""Policy as it holds on one machine: one registry, no identities, and GitOps on disk for clusters that it does not know."""

from __future__ import annotations

from collections.abc import Collection

from shared.domain.policies.policy import EnvironmentPolicy, GitOpsTarget, HelmTarget
from shared.domain.values.records import replace
from shared.inbound.changed_policies import ChangedPolicies
from shared.ports.policies import PolicyReader


class OneMachinePolicies(ChangedPolicies):
    """Reads policy by another reader and keeps it on this machine, so that trying a monorepo never touches its cluster.

    `clusters` are those that whoever started the host made known to it: they are deployed to.
    """

    def __init__(
        self, reader: PolicyReader, *, registry: str | None, deploy: GitOpsTarget, clusters: Collection[str] = ()
    ) -> None:
        super().__init__(reader, registry=registry)
        self._deploy, self._clusters = deploy, clusters

    def environment(self, environment: EnvironmentPolicy) -> EnvironmentPolicy:
        """See ChangedPolicies."""
        named = environment.deploy
        if isinstance(named, HelmTarget) and named.cluster in self._clusters:
            return replace(environment, identity=None)
        if not isinstance(named, GitOpsTarget):
            return replace(environment, deploy=self._deploy, identity=None)
        # What is judged there is judged here.
        kept = replace(self._deploy, path=named.path, hooks=named.hooks)
        return replace(environment, deploy=kept, identity=None)
