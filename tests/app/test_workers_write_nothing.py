"""Workers that are apps of their own write no row: they read state, add evidence, and send to queues that are theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.storage.by_reference import LargeMessages
from shared.app.parts import App
from shared.domain.messages import events as ev
from shared.domain.messages.queues import CONTROL, NONPROD, PRODUCTION, QUEUES, reports_queue_of
from shared.domain.values.names import ServiceKey
from shared.ports.queues import Received
from shared.ports.rollout_watcher import RolloutState
from shared.ports.store import Due, Message, OutboxRow, StoreRefused
from tests.support.app_parts import DELIVERY, Harness, branch
from tests.support.by_kind import kind_of
from tests.support.fleet import WITH_IDENTITIES, Fleet

# Copies for both environments, and what is taken out again.
YAML = WITH_IDENTITIES.replace(
    "    namespace: backend-qa\n", "    namespace: backend-qa\n    registry_namespace: qa\n"
).replace("    registry_namespace: prod\n", "    registry_namespace: prod\n    on_first_failure: uninstall\n")
SERVICE = str(DELIVERY)
ROW = OutboxRow("1~outbox~x", Message("slipway-people", "{}"))
WRITES: Mapping[str, Callable[[App], object]] = {
    "transact": lambda app: app.store.transact(SERVICE, "e", lambda loaded: None),
    "forget": lambda app: app.store.forget(SERVICE, [ROW.key]),
    "add_due": lambda app: app.store.add_due(SERVICE, Due(at=app.now(), what="x")),
    "remove_due": lambda app: app.store.remove_due(["x"]),
    "prune": lambda app: app.store.prune(SERVICE, most=1),
    "put": lambda app: app.rows.put("p", "k", b"", etag=None),
    "overwrite": lambda app: app.rows.overwrite("p", "k", b""),
    "delete": lambda app: app.rows.delete("p", "k", etag="1"),
    "send_outbox": lambda app: app.queues.send_outbox(SERVICE, [ROW]),
    "put_off": lambda app: app.queues.put_off(SERVICE, ROW, delay=timedelta(0)),
}


def tables(slipway: Harness) -> Any:
    """Every row that is stored but evidence."""
    kept = slipway.database
    partitions = [table._partitions for table in (kept._services, kept._others, kept._names)]
    return [{name: dict(rows) for name, rows in one.items()} for one in partitions], dict(kept._due)


def watched(slipway: Harness) -> set[tuple[str, str]]:
    """Have every message of a worker looked at: no row may be another one afterwards. Return who took which kinds."""
    seen: set[tuple[str, str]] = set()
    take = slipway.take

    def taken(message: Received) -> None:
        before = tables(slipway)
        take(message)
        worker = QUEUES[message.queue].worker
        if worker != CONTROL:
            assert tables(slipway) == before, message.body
            seen.add((worker, kind_of(message.queue, message.body)))

    slipway.take = taken  # type: ignore[method-assign]
    return seen


def test_no_worker_writes_a_row_over_whole_releases(tmp_path: Path) -> None:
    """One that is released, one whose first rollout fails and is taken out, one that is aborted while it is built."""
    fleet = Fleet(tmp_path, slipway_yaml=YAML)
    slipway = fleet.slipway
    seen = watched(slipway)
    slipway.start()
    slipway.outside.environments.health["package", "production", "1.0.0"] = RolloutState.DEGRADED
    slipway.release_to("1.0.0")
    slipway.release_to("1.0.0", ServiceKey("shipping", "package"))
    slipway.outside.builder.slow[branch("1.1.0")] = 99
    slipway.push_release("1.1.0")
    slipway.pump(most=timedelta(seconds=5))
    slipway.ask(ev.AbortRequested, version="1.1.0", reason="a mistake")
    slipway.pump()

    assert slipway.live("production") == "1.0.0"
    assert str(slipway.release("1.1.0").phase) == "Aborted"
    own = [queue for queue in QUEUES.values() if queue.worker != CONTROL]
    assert seen == {(queue.worker, kind) for queue in own for kind in queue.kinds}


@pytest.mark.parametrize("worker", [NONPROD, PRODUCTION])
@pytest.mark.parametrize("write", WRITES)
def test_what_would_write_is_refused(tmp_path: Path, worker: str, write: str) -> None:
    """Rather than done where an identity happens to have the right."""
    fleet = Fleet(tmp_path)
    before = tables(fleet.slipway)

    with pytest.raises(StoreRefused, match="writes no state"):
        WRITES[write](fleet.slipway.workers[worker])

    assert tables(fleet.slipway) == before


@pytest.mark.parametrize("worker", [NONPROD, PRODUCTION])
def test_a_worker_sends_to_its_own_queues_and_to_its_reports_and_to_no_other(tmp_path: Path, worker: str) -> None:
    """Not to the other worker's, nor to control's: what lies there is believed to come from control."""
    fleet = Fleet(tmp_path)
    queues = fleet.slipway.workers[worker].queues
    allowed = {name for name, queue in QUEUES.items() if queue.worker == worker} | {reports_queue_of(worker)}
    for name in QUEUES.keys() - allowed:
        with pytest.raises(StoreRefused, match=f"send to {name}"):
            queues.send(name, "{}")
    for name in allowed:
        queues.send(name, "{}")

    assert isinstance(queues, LargeMessages)
    assert {name for name in QUEUES if fleet.slipway.receiver.count(name)} == allowed
