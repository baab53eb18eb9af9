"""The application around the outside in memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

from shared.adapters.kept_statuses import KeptStatuses
from shared.adapters.storage.by_reference import LargeMessages
from shared.app.access import EnvironmentAccess, RepositoryAccess
from shared.app.handling.send_report import send_report
from shared.app.handling.take_report import take_report
from shared.app.parts import App, Timing
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.queues import CONTROL
from shared.domain.messages.reports import Report
from tests.support.outside import Outside

_Ports: TypeAlias = Callable[[str, Any], Any]
ACTED_ON = frozenset({"source", "statuses", "builder", "registry", "charts", "applier", "watcher"})
SECOND = timedelta(seconds=1)
TIMING = Timing(rollout_poll=SECOND, build_poll=SECOND, held_poll=SECOND, first_retry=SECOND, most_tries=3)


def wire(database: Any, outside: Outside, scratch: Path) -> App:
    """Put the application together, as bootstrap does."""
    ids = itertools.count(1)
    outside.starts += 1
    prefix = outside.starts
    return App(
        store=database.store,
        rows=database.rows,
        evidence=database.evidence,
        queues=LargeMessages(database.queues, database.evidence),
        hosts=(
            RepositoryAccess(
                source=outside.source,
                statuses=KeptStatuses(database.rows, now=outside.clock),
                builder=outside.builder,
            ),
        ),
        access_as=lambda identity: EnvironmentAccess(
            registry=outside.registry,
            charts=outside.charts,
            applier=lambda place: outside.applier,
            watcher=lambda place: outside.watcher,
        ),
        people=outside.people,
        policies=outside.policies,
        reporting=take_report,
        now=outside.clock,
        new_id=lambda: f"id-{prefix}-{next(ids)}",
        scratch=scratch,
        timing=TIMING,
        receiver=database.queues,
    )


def workers_apart(app: App) -> App:
    """Have workers report by their queues, as they do where they are apps of their own and state is in an account."""

    def report(app: App, event: Report, delivery: Delivery) -> None:
        (take_report if delivery.worker == CONTROL else send_report)(app, event, delivery)

    return replace(app, reporting=report)


def around_ports(app: App, wrap: _Ports) -> App:
    """Put something around what an application acts on; `wrap` is called with a port's name and the port."""

    def wrapped(identity: str | None) -> EnvironmentAccess:
        found = app.access_as(identity)
        return EnvironmentAccess(
            registry=wrap("registry", found.registry),
            charts=wrap("charts", found.charts),
            applier=lambda place: wrap("applier", found.applier(place)),
            watcher=lambda place: wrap("watcher", found.watcher(place)),
        )

    hosts = tuple(
        RepositoryAccess(
            source=wrap("source", one.source),
            statuses=wrap("statuses", one.statuses),
            builder=wrap("builder", one.builder),
        )
        for one in app.hosts
    )
    return replace(app, hosts=hosts, access_as=wrapped)
