"""Wires the application once per process, when the first message needs it. Adapters load their SDKs on first use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from shared import by_role, wiring
from shared.config import Settings
from shared.domain.values.errors import InvalidValue
from shared.on_first_use import OnFirstUse
from shared.telemetry import quiet_others

if TYPE_CHECKING:
    from shared.adapters.azure_identity import Credentials
    from shared.app.access import EnvironmentAccess
    from shared.app.parts import App
    from shared.ports.evidence import Evidence
    from shared.ports.queues import QueueLook, QueueReceiver, Queues
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

    @property
    def queue_look(self) -> QueueLook:
        """How queues stand."""
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


@OnFirstUse
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings.from_env()


@OnFirstUse
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
        else AzureStorage.of_account(chosen.storage.account, credentials().own(), utc_now, suffix=chosen.storage.suffix)
    )


@OnFirstUse
def credentials() -> Credentials:
    """Return the identities of this process; each is asked for its first token when one is needed."""
    from shared.adapters.azure_identity import Credentials

    known = settings().identities
    return Credentials(known.own, known.held)


def utc_now() -> datetime:
    """The only clock."""
    return datetime.now(UTC)


@OnFirstUse
def _wired() -> App:
    quiet_others()
    wiring.export(settings().telemetry)
    return build(settings(), database(), now=utc_now, held=credentials())


def build(
    chosen: Settings,
    kept: Database,
    *,
    now: Callable[[], datetime],
    held: Credentials | None = None,
    around: Callable[[EnvironmentAccess], EnvironmentAccess] = lambda own: own,
) -> App:
    """Put the adapters together around a database; `around` wraps what acts with an identity, builds' own included."""
    from shared.adapters.git_disk.source import GitSource
    from shared.adapters.kept_statuses import KeptStatuses
    from shared.adapters.page_people import PagePeople
    from shared.app.access import RepositoryAccess
    from shared.app.parts import App, Timing

    store, rows, queues = by_role.state_of(chosen, kept.store, kept.rows, kept.queues, kept.evidence)
    access_as = wiring.environment_access(chosen, now, held, around)
    source = GitSource(chosen.repositories, most_bytes=chosen.builds.disk)
    on_disk = RepositoryAccess(
        source=source,
        statuses=KeptStatuses(rows, now=now),
        builder=wiring.builder(chosen, source, access_as, kept.evidence),
    )
    return App(
        store=store,
        rows=rows,
        evidence=kept.evidence,
        queues=queues,
        hosts=(on_disk,),
        access_as=access_as,
        people=PagePeople(),
        policies=wiring.policies(chosen),
        reporting=by_role.reporting(chosen),
        now=now,
        new_id=lambda: str(uuid4()),
        scratch=chosen.work / "scratch",
        timing=Timing(rollout_poll=chosen.rollout_poll),
        production=chosen.identities.production,
        directory=wiring.directory(chosen, held) if held else None,
        queue_look=kept.queue_look,
        receiver=kept.queues if chosen.decides else None,
        anchors=wiring.anchors(chosen, held),
        warnings=wiring.warnings(chosen),
        url=chosen.url,
    )
