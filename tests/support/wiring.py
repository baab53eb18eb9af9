"""The application around the outside in memory."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.adapters.kept_statuses import KeptStatuses
from shared.adapters.storage.by_reference import LargeMessages
from shared.app.parts import App, Timing
from tests.support.outside import Outside

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
        source=outside.source,
        statuses=KeptStatuses(database.rows, now=outside.clock),
        registry=outside.registry,
        charts=outside.charts,
        builder=outside.builder,
        people=outside.people,
        policies=outside.policies,
        deployer=lambda target: outside.deployer,
        now=outside.clock,
        new_id=lambda: f"id-{prefix}-{next(ids)}",
        scratch=scratch,
        timing=TIMING,
        receiver=database.queues,
    )
