"""What settings make of the ways to deploy: git for all identities alike, clusters for each apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from uuid import uuid4

from shared.config import Settings
from shared.on_first_use import OnFirstUse

if TYPE_CHECKING:
    from shared.adapters.azure_identity import ManagedIdentity
    from shared.adapters.helm.process import Processes
    from shared.adapters.kubernetes.clusters import Clusters
    from shared.domain.policies.place import Place
    from shared.ports.applier import Applier
    from shared.ports.chart import Charts
    from shared.ports.rollout_watcher import RolloutWatcher

Appliers: TypeAlias = "Callable[[Place], Applier]"
Watchers: TypeAlias = "Callable[[Place], RolloutWatcher]"


def clusters_of(chosen: Settings, identity: str | None, credential: ManagedIdentity | None) -> Clusters:
    """Return the clusters as an identity reaches them; None for Slipway's own, or where nobody has one."""
    from shared.adapters.kubernetes.clusters import Clusters
    from shared.adapters.storage.message_leases import running_time

    known = chosen.clusters
    return Clusters(
        known.known,
        kubeconfig=known.kubeconfig,
        arm=known.arm,
        identity=identity,
        credential=credential,
        elapsed=running_time,
    )


def by_gitops(chosen: Settings, now: Callable[[], datetime]) -> tuple[Applier, RolloutWatcher]:
    """Return what deploys by git, and what reads an operator's answers there."""
    from shared.adapters.gitops.applier import GitOpsApplier
    from shared.adapters.gitops.credentials import GitCredentials
    from shared.adapters.gitops.folders import Folders
    from shared.adapters.gitops.watcher import GitOpsWatcher
    from shared.adapters.helm_charts import HelmCharts

    def resolve(repository: str) -> str | Path:
        return repository if "://" in repository else chosen.gitops / Path(repository)

    shown = GitCredentials(chosen.gitops_credentials)
    # One reading for what is judged and for what runs; it needs no identity.
    parse = HelmCharts(limits=chosen.charts.limits).parse
    folders = Folders(resolve, chosen.work / "gitops", credentials=shown)
    return GitOpsApplier(folders, now=now, parse=parse), GitOpsWatcher(folders)


def processes_of(chosen: Settings) -> Processes:
    """Return what runs Helm's children in this process, whichever identity they act with."""
    from shared.adapters.helm.process import Processes

    return Processes(chosen.charts.limits.resident)


def deploying(
    chosen: Settings,
    now: Callable[[], datetime],
    git: Callable[[], tuple[Applier, RolloutWatcher]],
    clusters: Clusters,
    charts: Charts,
    processes: Callable[[], Processes],
) -> tuple[Appliers, Watchers]:
    """Return what says which applier serves a place, and which watcher, with what one identity reaches."""
    from shared.domain.policies.policy import GitOpsTarget

    @OnFirstUse
    def helm() -> Applier:
        from shared.adapters.helm.applier import HelmApplier

        scratch = chosen.work / "helm"
        return HelmApplier(clusters.api, charts, processes(), scratch=scratch, new_id=lambda: uuid4().hex, now=now)

    @OnFirstUse
    def cluster() -> RolloutWatcher:
        from shared.adapters.kubernetes.watcher import KubernetesWatcher

        return KubernetesWatcher(clusters.api, charts.parse)

    def applier(place: Place) -> Applier:
        if isinstance(place.target, GitOpsTarget):
            return git()[0]
        return helm()

    def watcher(place: Place) -> RolloutWatcher:
        if isinstance(place.target, GitOpsTarget):
            return git()[1]
        return cluster()

    return applier, watcher
