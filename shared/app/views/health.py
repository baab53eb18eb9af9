"""Whether Slipway works: the store, and each repository's configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from shared.app.configuration import configuration
from shared.app.parts import App
from shared.codec.errors import UnreadableRecord
from shared.domain.repository import ConfigInForce

OK: Final = "ok"
DEGRADED: Final = "degraded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationView:
    """The commit that the configuration in force was read from, and what is wrong with a newer one."""

    commit: str
    faults: tuple[str, ...]
    faulty_commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryView:
    """A repository and its configuration."""

    name: str
    configuration: ConfigurationView


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """`degraded` where a configuration is faulty: the last good one stays in force, so that everything goes on.

    `down` where the store does not answer or has no room; nothing is said of configurations then, and `detail` says what to do.
    """

    status: Literal["ok", "degraded", "down"]
    store: Literal["ok", "full", "unavailable"]
    repositories: tuple[RepositoryView, ...]
    detail: str = ""


DOWN = HealthView(status="down", store="unavailable", repositories=())


def health(app: App) -> HealthView:
    """Read it; raise StoreUnavailable where the store does not answer, or has no room for anything."""
    app.store.check()
    repositories = tuple(_repository(app, name) for name in sorted(app.source.repositories()))
    app.store.read("estate")
    return HealthView(status=_status(repositories), store=OK, repositories=repositories)


def _status(repositories: Iterable[RepositoryView]) -> Literal["ok", "degraded"]:
    return DEGRADED if any(one.configuration.faults for one in repositories) else OK


def _repository(app: App, name: str) -> RepositoryView:
    try:
        found = configuration(app, name)
    except UnreadableRecord as error:
        return RepositoryView(name=name, configuration=_view(None, (str(error),)))
    return RepositoryView(name=name, configuration=_view(found, found.faults if found else ()))


def _view(found: ConfigInForce | None, faults: tuple[str, ...]) -> ConfigurationView:
    return ConfigurationView(
        commit=found.commit if found else "",
        faults=faults,
        faulty_commit=found.faulty_commit if found else "",
    )
