"""Whether Slipway works: the store, and each repository's configuration."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final, Literal

from msgspec.structs import replace

from shared.app.hook_events.compare_branches import not_compared
from shared.app.hook_events.configuration import shown_configurations
from shared.app.parts import App
from shared.app.views.poison import count_poison
from shared.app.views.view import View
from shared.codec import anchor as codec
from shared.codec.errors import UnreadableRecord
from shared.codec.repository import decode_config_state
from shared.domain.state.anchor import day_of
from shared.domain.state.repository import ConfigInForce, NotCompared
from shared.domain.values.words import time_text
from shared.ports.rows import Row

_LATE, _EARLY = timedelta(days=2), timedelta(days=1)
_MOST_FAULTS = 50

OK: Final = "ok"
DEGRADED: Final = "degraded"


class ConfigurationView(View):
    """The commit that the configuration in force was read from, and what is wrong with a newer one."""

    commit: str
    faults: tuple[str, ...]
    faulty_commit: str


class RepositoryView(View):
    """A repository, its configuration, and why its branches cannot be compared with what was seen; empty where they can.

    Then a push that no hook tells of is not noticed.
    """

    name: str
    configuration: ConfigurationView
    not_compared: str = ""


class AnchorsView(View):
    """The day of the newest anchor of ledgers, empty before the first, and what did not fit an earlier one."""

    newest: str
    faults: tuple[str, ...]


class HealthView(View):
    """`degraded` where a configuration is faulty: the last good one stays in force, so that everything goes on; and where
    a ledger is not as it was anchored, or is anchored no more. Without a place for anchors `anchors` is null.

    So it is where messages lie in poison that nobody has settled; `poison` counts them up to 100. `down` where the store does not answer or has no room; nothing is said of configurations then, and `detail` says what to do.

    `warnings` are what is no fault and still should be known, e.g. that builds see what the host sees.

    Who is not signed in as a reader is told how it is, and nothing of repositories, configurations, anchors and warnings.
    """

    status: Literal["ok", "degraded", "down"]
    store: Literal["ok", "full", "unavailable"]
    repositories: tuple[RepositoryView, ...]
    poison: int = 0
    detail: str = ""
    anchors: AnchorsView | None = None
    warnings: tuple[str, ...] = ()


def down(store: Literal["full", "unavailable"], detail: str) -> HealthView:
    """Say that the store does not answer, or has no room for anything."""
    return HealthView(status="down", store=store, repositories=(), detail=detail)


def health(app: App) -> HealthView:
    """Read it; raise StoreUnavailable where the store does not answer, or has no room for anything."""
    app.store.check()
    found, anchors = repositories(app), _anchors(app)
    app.store.read("estate")
    waiting = count_poison(app)
    status = _status(found, waiting, anchors)
    return HealthView(
        status=status,
        store=OK,
        repositories=found,
        poison=waiting,
        anchors=anchors,
        warnings=app.warnings,
    )


def for_anybody(found: HealthView) -> HealthView:
    """Leave out names, commits and faults: a fault quotes a file, with the mails of approvers in it."""
    return replace(found, repositories=(), anchors=None, warnings=())


def repositories(app: App) -> tuple[RepositoryView, ...]:
    """Read each repository's configuration as people see it."""
    troubles = not_compared(app)
    return tuple(_repository(name, row, troubles.get(name)) for name, row in shown_configurations(app).items())


def _status(found: Iterable[RepositoryView], poison: int, anchors: AnchorsView | None) -> Literal["ok", "degraded"]:
    faulty = any(one.configuration.faults or one.not_compared for one in found) or (
        anchors is not None and anchors.faults
    )
    return DEGRADED if poison or faulty else OK


def _anchors(app: App) -> AnchorsView | None:
    """Say how the newest anchor is, by the row that was written with it."""
    if app.anchors is None:
        return None
    row = app.rows.get(codec.PARTITION, codec.ROW)
    if row is None:
        return AnchorsView(newest="", faults=())
    state = codec.STATES.decode(row.value)
    faults = [f"{one.ledger}: {one.problem}" if one.ledger else one.problem for one in state.mismatches]
    if app.now() - state.at > _LATE:
        faults.append(f"no ledger was anchored since {day_of(state.name)}; look at the timer `anchor`")
    if state.at - app.now() > _EARLY:
        faults.append(
            f"the newest anchor was written at {state.at:%Y-%m-%d %H:%M}, which has not come; look at the clock"
        )
    return AnchorsView(newest=day_of(state.name), faults=tuple(faults[:_MOST_FAULTS]))


def _repository(name: str, row: Row | None, trouble: NotCompared | None) -> RepositoryView:
    return RepositoryView(name=name, configuration=_configuration(row), not_compared=_said(trouble))


def _said(trouble: NotCompared | None) -> str:
    return f"since {time_text(trouble.since)}: {trouble.reason}" if trouble else ""


def _configuration(row: Row | None) -> ConfigurationView:
    try:
        found = decode_config_state(row.value) if row is not None else None
    except UnreadableRecord as error:
        return _view(None, (str(error),))
    return _view(found, found.faults if found else ())


def _view(found: ConfigInForce | None, faults: tuple[str, ...]) -> ConfigurationView:
    return ConfigurationView(
        commit=found.commit if found else "",
        faults=faults,
        faulty_commit=found.faulty_commit if found else "",
    )
