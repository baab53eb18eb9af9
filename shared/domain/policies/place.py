"""Where a service runs."""

from __future__ import annotations

from functools import lru_cache

from shared.domain.charts.belonging import Home
from shared.domain.policies.patience import Patience
from shared.domain.policies.policy import DeployTarget, EnvironmentPolicy, GitOpsTarget, HelmTarget, ServicePolicy
from shared.domain.values.names import ServiceKey
from shared.domain.values.placeholders import expand
from shared.domain.values.records import Record, replace


class Place(Record):
    """One service in one environment: all that deploys or looks takes it. `target` has its placeholders filled in.

    `patience` is what a rollout there is given.
    """

    service: ServiceKey
    environment: str
    namespace: str
    release_name: str
    target: DeployTarget
    patience: Patience = Patience()


def place_of(service: ServiceKey, policy: EnvironmentPolicy) -> Place:
    """Return where a service runs by an environment's rules: those that a promotion pinned, or those in force."""
    return Place(
        service=service,
        environment=policy.name,
        namespace=policy.namespace,
        release_name=service.service,
        target=_filled(policy.deploy, service.service, policy.name),
        patience=policy.patience,
    )


def home_of(policy: ServicePolicy, environment_policy: EnvironmentPolicy) -> Home:
    """Return where manifests belong, by an environment's rules and what the file says of the others."""
    own, target = environment_policy.namespace, environment_policy.deploy
    others = tuple((one.namespace, one.name) for one in policy.environments if one.namespace != own)
    if not isinstance(target, HelmTarget):
        return Home(namespace=own, others=others)
    return Home(namespace=own, others=others, kinds=target.kinds, longest=target.timeout)


# Each step of a promotion asks for its place, and there are few.
@lru_cache(maxsize=1024)
def _filled(target: DeployTarget, service: str, environment: str) -> DeployTarget:
    if isinstance(target, GitOpsTarget):
        values = {"service": service, "environment": environment}
        return replace(target, path=expand(target.path, values), repository=expand(target.repository, values))
    return target
