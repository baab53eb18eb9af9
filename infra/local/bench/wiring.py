"""The application around a quiet outside: the real store, queues and policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from infra.local.bench.source import QuietSource
from infra.local.bench.world import (
    QuietBuilder,
    QuietCharts,
    QuietDeployer,
    QuietPeople,
    QuietRegistry,
    QuietStatuses,
)
from shared.adapters.sqlite import SqliteDatabase
from shared.app.parts import App
from shared.bootstrap import utc_now
from shared.inbound.slipway_yaml import SlipwayYaml

REPOSITORY = "bench"


@dataclass(frozen=True, slots=True)
class Quiet:
    """The parts of the outside that a measurement talks to."""

    source: QuietSource
    registry: QuietRegistry = field(default_factory=QuietRegistry)
    deployer: QuietDeployer = field(default_factory=QuietDeployer)
    people: QuietPeople = field(default_factory=QuietPeople)
    statuses: QuietStatuses = field(default_factory=QuietStatuses)


def quiet(services: Sequence[str]) -> Quiet:
    """An outside with these services configured."""
    return Quiet(QuietSource(REPOSITORY, services))


def wire(database: SqliteDatabase, outside: Quiet, scratch: Path) -> App:
    """Put the application together as bootstrap does, with the quiet outside around it."""
    return App(
        store=database.store,
        rows=database.rows,
        evidence=database.evidence,
        queues=database.queues,
        source=outside.source,
        statuses=outside.statuses,
        registry=outside.registry,
        charts=QuietCharts(),
        builder=QuietBuilder(outside.registry),
        people=outside.people,
        policies=SlipwayYaml(),
        deployer=lambda target: outside.deployer,
        now=utc_now,
        new_id=lambda: str(uuid4()),
        scratch=scratch,
    )
