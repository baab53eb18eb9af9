"""Wires the application once per process, when the first message needs it. Adapters load their SDKs on first use."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from shared.config import Settings
from shared.domain.errors import InvalidValue

if TYPE_CHECKING:
    from shared.app.parts import App
    from shared.domain.policy import DeployTarget
    from shared.ports.deployer import Deployer
    from shared.ports.evidence import Evidence
    from shared.ports.queues import QueueReceiver, Queues
    from shared.ports.rows import Rows
    from shared.ports.store import Store

    class SendsAndReceives(Queues, QueueReceiver, Protocol):
        """Both ends of the queues; on Azure the Functions host receives."""


_given: list[App] = []


class Database(Protocol):
    """Where state is kept. Opening it costs nothing; a port connects when it is used first."""

    @property
    def store(self) -> Store:
        """The services' partitions."""
        ...

    @property
    def rows(self) -> Rows:
        """Rows outside of them."""
        ...

    @property
    def evidence(self) -> Evidence:
        """Large values."""
        ...

    @property
    def queues(self) -> SendsAndReceives:
        """Messages."""
        ...

    def recover(self) -> None:
        """Take over what an earlier host of this machine left."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


def use(app: App | None) -> None:
    """Put an application in place of the wired one, e.g. with ports that a test has wrapped; None takes it out."""
    _given[:] = [app] if app is not None else []


def app() -> App:
    """Return the application of this process."""
    return _given[0] if _given else _wired()


@functools.cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings.from_env()


@functools.cache
def database() -> Database:
    """Return what this process keeps its state in: a SQLite file, or a storage account."""
    chosen = settings()
    if chosen.database is not None:
        from shared.adapters.sqlite import SqliteDatabase

        return SqliteDatabase(chosen.database, utc_now)
    if not chosen.storage:
        raise InvalidValue(
            "SLIPWAY_DATABASE",
            "names no file, and SLIPWAY_STORAGE no storage account; set one to where the state is kept",
        )
    from shared.adapters.azure_storage import AzureStorage

    return (
        AzureStorage.of_connection(chosen.storage.connection, utc_now)
        if chosen.storage.connection
        else AzureStorage.of_account(chosen.storage.account, None, utc_now, suffix=chosen.storage.suffix)
    )


def utc_now() -> datetime:
    """The only clock."""
    return datetime.now(UTC)


@functools.cache
def _wired() -> App:
    return build(settings(), database(), now=utc_now)


def build(chosen: Settings, kept: Database, *, now: Callable[[], datetime]) -> App:
    """Put the adapters of one machine together around a database."""
    from shared.adapters.git_disk.source import GitSource
    from shared.adapters.helm_charts import HelmCharts
    from shared.adapters.kept_statuses import KeptStatuses
    from shared.adapters.local_build import LocalBuilder
    from shared.adapters.oci_registry import OciRegistry
    from shared.adapters.page_people import PagePeople
    from shared.app.parts import App, Timing
    from shared.domain.policy import GitOpsTarget
    from shared.inbound.one_machine import OneMachinePolicies
    from shared.inbound.slipway_yaml import SlipwayYaml

    source, charts, registry = GitSource(chosen.repositories), HelmCharts(), OciRegistry()
    deploy = GitOpsTarget(repository="environments.git")
    reader = SlipwayYaml(local_deploy=deploy, default_registry=chosen.registry)
    return App(
        store=kept.store,
        rows=kept.rows,
        evidence=kept.evidence,
        queues=kept.queues,
        source=source,
        statuses=KeptStatuses(kept.rows, now=now),
        registry=registry,
        charts=charts,
        builder=LocalBuilder(
            source=source,
            charts=charts,
            registry=registry,
            evidence=kept.evidence,
            folder=chosen.work / "builds",
            path=chosen.path,
        ),
        people=PagePeople(),
        policies=OneMachinePolicies(reader, registry=chosen.registry, deploy=deploy),
        deployer=_deployers(chosen, now),
        now=now,
        new_id=lambda: str(uuid4()),
        scratch=chosen.work / "scratch",
        timing=Timing(rollout_poll=chosen.rollout_poll),
    )


def _deployers(chosen: Settings, now: Callable[[], datetime]) -> Callable[[DeployTarget], Deployer]:
    from shared.adapters.gitops.deployer import GitOpsDeployer
    from shared.domain.policy import GitOpsTarget
    from shared.ports.errors import Permanent

    def resolve(repository: str) -> str | Path:
        return repository if "://" in repository else chosen.gitops / Path(repository)

    gitops = GitOpsDeployer(resolve, chosen.work / "gitops", now=now)

    def deployer(target: DeployTarget) -> Deployer:
        if isinstance(target, GitOpsTarget):
            return gitops
        raise Permanent(f"no way to deploy to {target} is installed; use deploy: gitops", ours=True)

    return deployer
