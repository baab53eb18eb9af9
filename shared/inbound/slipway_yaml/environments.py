"""Rules between environments, and of one environment by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter

from shared.domain.policies.policy import DenyWindow, DeployTarget, GitOpsTarget, HelmTarget
from shared.domain.policies.windows import check
from shared.domain.values.errors import InvalidValue
from shared.inbound.slipway_yaml.faults import Faults
from shared.inbound.slipway_yaml.models import DeploySection
from shared.inbound.slipway_yaml.parts import Parts

PRODUCTION = "production"
_MOST_CIRCLES = 10  # each takes a walk over all environments, and one is enough to refuse the file


def targets_of(parts: Parts, local: GitOpsTarget | None, faults: Faults) -> dict[str, DeployTarget]:
    """Say where each environment is; `local` is where it is if the file doesn't say, None outside the local host."""
    found: dict[str, DeployTarget] = {}
    for name, environment in parts.environments.items():
        if "deploy" not in parts.given[name] and local is None:
            faults.add(("environments", name, "deploy"), f"is missing: say where {name} is, by gitops or helm")
        target = (_target(environment.deploy) if environment else None) or local
        if target is not None:
            found[name] = target
    return found


def check_helm(parts: Parts, targets: Mapping[str, DeployTarget], faults: Faults) -> None:
    """Note deployments that would be given up while Helm may still be at them."""
    for name, target in targets.items():
        environment = parts.environments[name]
        if environment and isinstance(target, HelmTarget) and environment.deadlines.deploying <= target.timeout:
            given = target.timeout // timedelta(seconds=1)
            problem = f"must be longer than the {given}s that deploy.helm.timeout gives Helm"
            faults.add(("environments", name, "deadlines", "deploying"), problem)


def check_clusters(
    parts: Parts, targets: Mapping[str, DeployTarget], production: Collection[str], faults: Faults
) -> None:
    """Note where production would share its cluster with others, and the file does not say that it may.

    `production` are the identities that only production's worker holds. An environment with a registry namespace of its own
    is as far from the others as they are.
    """
    if parts.head is None or parts.head.shared_cluster:
        return
    own: dict[str, str] = {}
    others: dict[str, str] = {}
    for name, target in targets.items():
        environment = parts.environments[name]
        if environment is not None and isinstance(target, HelmTarget):
            apart = name == PRODUCTION or environment.identity in production or environment.registry_namespace
            (own if apart else others).setdefault(target.cluster, name)
    for cluster in own.keys() & others.keys():
        problem = (
            f"{cluster} is the cluster of {others[cluster]} too; give {own[cluster]} one of its own, "
            "or write shared_cluster: true at the top"
        )
        faults.add(("environments", own[cluster], "deploy", "helm", "cluster"), problem)


def windows_of(parts: Parts, faults: Faults) -> dict[str, list[DenyWindow]]:
    """Give each environment its freezes, in the file's order."""
    windows: dict[str, list[DenyWindow]] = {name: [] for name in parts.given}
    for number, freeze in parts.freezes:
        window = DenyWindow(cron=freeze.cron, duration=freeze.duration, timezone=freeze.timezone, reason=freeze.reason)
        try:
            check(window)
        except InvalidValue as error:
            faults.add(("freezes", number, error.field), error.problem)
        named = list(parts.given) if freeze.environments is None else freeze.environments
        for position, name in enumerate(named):
            if name in windows:
                windows[name].append(window)
            else:
                faults.add(("freezes", number, "environments", position), _unknown(name, parts.given))
    return windows


def check_order(parts: Parts, faults: Faults) -> None:
    """Note environments that come after themselves, by a circle too, or after one that is not there."""
    graph: dict[str, list[str]] = {}
    for name, given in parts.given.items():
        graph[name] = []
        after = given.get("after")
        for position, before in enumerate(after if isinstance(after, list) else ()):
            place = ("environments", name, "after", position)
            if not isinstance(before, str):
                continue  # said by its model
            if before == name:
                faults.add(place, f"{name} cannot come after itself")
            elif before not in parts.given:
                faults.add(place, _unknown(before, parts.given))
            else:
                graph[name].append(before)
    for _ in range(_MOST_CIRCLES):
        if (cycle := _cycle(graph)) is None:
            break
        # graphlib names each node before the one that comes after it.
        faults.add(("environments", cycle[1], "after"), f"goes in a circle: {' → '.join(cycle)}")
        graph[cycle[1]].remove(cycle[0])


def _cycle(graph: Mapping[str, list[str]]) -> list[str] | None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return None


def _target(deploy: DeploySection | None) -> DeployTarget | None:
    if deploy is not None and deploy.gitops is not None:
        gitops = deploy.gitops
        return GitOpsTarget(repository=gitops.repository, path=gitops.path, branch=gitops.branch, hooks=gitops.hooks)
    if deploy is not None and deploy.helm is not None:
        helm = deploy.helm
        return HelmTarget(
            cluster=helm.cluster,
            timeout=helm.timeout,
            max_history=helm.max_history,
            parallel=helm.parallel,
            drift=helm.drift,
            kinds=tuple(dict.fromkeys(helm.kinds)),
        )
    return None


def _unknown(name: str, environments: Iterable[str]) -> str:
    return f"{name} is not an environment of this file; there are: {', '.join(environments)}"
