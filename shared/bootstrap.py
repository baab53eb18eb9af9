"""Wires the application once per process, when the first message needs it. Adapters load their SDKs on first use."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from shared.config import Settings
from shared.domain.errors import InvalidValue

if TYPE_CHECKING:
    from shared.adapters.sqlite import SqliteDatabase
    from shared.app.parts import App
    from shared.domain.policy import DeployTarget
    from shared.ports.deployer import Deployer

_given: list[App] = []


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
def database() -> SqliteDatabase:
    """Return the SQLite file that this process keeps its state in."""
    from shared.adapters.sqlite import SqliteDatabase

    path = settings().database
    if path is None:
        raise InvalidValue("SLIPWAY_DATABASE", "names no file; set it to where the state is kept")
    return SqliteDatabase(path, utc_now)


def utc_now() -> datetime:
    """The only clock."""
    return datetime.now(UTC)


@functools.cache
def _wired() -> App:
    return build(settings(), database(), now=utc_now)


def build(chosen: Settings, kept: SqliteDatabase, *, now: Callable[[], datetime]) -> App:
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
