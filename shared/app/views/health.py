"""Whether Slipway works: the store, and each repository's configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from shared.app.configuration import shown_configurations
from shared.app.parts import App
from shared.app.views.poison import count_poison
from shared.codec.errors import UnreadableRecord
from shared.codec.repository import decode_config_state
from shared.domain.repository import ConfigInForce
from shared.ports.rows import Row

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

    So it is where messages lie in poison that nobody has settled; `poison` counts them up to 100. `down` where the store does not answer or has no room; nothing is said of configurations then, and `detail` says what to do.
    """

    status: Literal["ok", "degraded", "down"]
    store: Literal["ok", "full", "unavailable"]
    repositories: tuple[RepositoryView, ...]
    poison: int = 0
    detail: str = ""


DOWN = HealthView(status="down", store="unavailable", repositories=())


def health(app: App) -> HealthView:
    """Read it; raise StoreUnavailable where the store does not answer, or has no room for anything."""
    app.store.check()
    found = repositories(app)
    app.store.read("estate")
    waiting = count_poison(app)
    return HealthView(status=_status(found, waiting), store=OK, repositories=found, poison=waiting)


def repositories(app: App) -> tuple[RepositoryView, ...]:
    """Read each repository's configuration as people see it."""
    return tuple(_repository(name, row) for name, row in shown_configurations(app).items())


def _status(found: Iterable[RepositoryView], poison: int) -> Literal["ok", "degraded"]:
    return DEGRADED if poison or any(one.configuration.faults for one in found) else OK


def _repository(name: str, row: Row | None) -> RepositoryView:
    try:
        found = decode_config_state(row.value) if row is not None else None
    except UnreadableRecord as error:
        return RepositoryView(name=name, configuration=_view(None, (str(error),)))
    return RepositoryView(name=name, configuration=_view(found, found.faults if found else ()))


def _view(found: ConfigInForce | None, faults: tuple[str, ...]) -> ConfigurationView:
    return ConfigurationView(
        commit=found.commit if found else "",
        faults=faults,
        faulty_commit=found.faulty_commit if found else "",
    )
