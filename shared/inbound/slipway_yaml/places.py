"""No two things may share a place: a registry's repository, a folder of manifests, a namespace of a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from shared.domain.policies.policy import DeployTarget, HelmTarget
from shared.domain.values.patterns import segments
from shared.domain.values.placeholders import PLACEHOLDERS, expand
from shared.inbound.slipway_yaml.discovery import Located
from shared.inbound.slipway_yaml.faults import Faults
from shared.inbound.slipway_yaml.fields import valid_repository
from shared.inbound.slipway_yaml.models import Artifacts, Environment


def check_repositories(
    artifacts: Artifacts,
    services: Sequence[Located],
    environments: Mapping[str, Environment | None],
    faults: Faults,
) -> None:
    """Note repositories that no registry has, that two would share, or that lie in a registry namespace."""
    spaces = {name: each.registry_namespace for name, each in environments.items() if each and each.registry_namespace}
    owners: dict[str, str] = {}
    for located in services:
        for kind, template in (("image", artifacts.image), ("chart", artifacts.chart)):
            place = ("artifacts", kind)
            repository, owner = expand(template, {"service": located.name}), f"the {kind} of {located.name}"
            if not valid_repository(repository):
                faults.add(place, f"{repository} cannot be the name of a repository in a registry")
            if repository in owners:
                faults.add(place, f"{repository} would hold both {owners[repository]} and {owner}")
            owners.setdefault(repository, owner)
            for name, space in spaces.items():
                if f"{repository}/".startswith(f"{space}/"):
                    problem = f"{space} already begins the repository {repository}; choose another"
                    faults.add(("environments", name, "registry_namespace"), problem)


def check_targets(
    services: Sequence[Located],
    environments: Mapping[str, Environment | None],
    targets: Mapping[str, DeployTarget],
    faults: Faults,
) -> None:
    """Note deployments that would write over each other."""
    taken = sorted(
        (_place(located.name, name, target, environments[name]), f"{located.name} in {name}", name)
        for located in services
        for name, target in targets.items()
    )
    for (one, owner, _), (other, shared, name) in pairwise(taken):
        # Sorted by segments, whatever lies below a folder comes right after it.
        if other[: len(one)] == one:
            faults.add(("environments", name, "deploy"), f"{shared} would write over {owner}: {'/'.join(other[1:])}")


def _place(service: str, name: str, deploy: DeployTarget, environment: Environment | None) -> tuple[str, ...]:
    if isinstance(deploy, HelmTarget):
        namespace = environment.namespace if environment else None
        return ("helm", deploy.cluster, namespace or name, service)
    values = {each: f"{{{each}}}" for each in PLACEHOLDERS} | {"service": service, "environment": name}
    return ("gitops", deploy.repository, deploy.branch, *segments(expand(deploy.path, values)))
