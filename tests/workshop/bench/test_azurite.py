"""Measurements on Azurite run to their end, and the floor is of the same requests; how fast they are is not judged here."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from infra.local.azurite.launcher import Azurite
from shared.adapters.azure_storage import client
from tests.workshop.azurite.proxy import StorageProxy
from tests.workshop.bench import azurite, recovery, throughput
from tests.workshop.bench.azurite import Again, Request, storage
from tests.workshop.bench.figures import Report
from tests.workshop.bench.outside import Shape
from tests.workshop.bench.throughput import run
from tests.workshop.bench.world import ENGINE, FUNCTIONS

pytestmark = [pytest.mark.slow, pytest.mark.real("azurite")]
KINDS = {
    "query_entities": "query",
    "get_entity": "get",
    "create_entity": "insert",
    "upsert_entity": "put",
    "update_entity": "put",
    "delete_entity": "delete",
    "submit_transaction": "batch",
    "send_message": "send",
    "receive_messages": "receive",
    "delete_message": "acknowledge",
    "update_message": "hide",
}
# Tables and queues are there before the floor begins; who asks in vain does so at will.
ASIDE = frozenset({"make", "receive nothing"})


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Of what is measured."""
    return Report(tmp_path / "bench.json")


def test_the_floor_makes_the_requests_of_the_run_again(tmp_path: Path) -> None:
    """As many of each kind, on an account that was empty."""
    noted: list[Request] = []
    with Azurite() as first, closing(StorageProxy(first.connection)) as proxy:
        run(ENGINE, Shape(2), 1, tmp_path, storage(proxy.connection, noted), lambda: None)
        made = Counter(call.kind for call in proxy.calls if call.kind not in ASIDE)
    recorded = Counter(KINDS[one.method] for one in noted)
    with Azurite() as second, closing(StorageProxy(second.connection)) as proxy:
        with client.tables_of_connection(proxy.connection) as tables:
            with client.queues_of_connection(proxy.connection) as queues:
                Again(tables, queues, {one.target for one in noted}).make(noted, 3)
        remade = Counter(call.kind.removesuffix(" nothing") for call in proxy.calls if call.kind != "make")

    assert made.keys() == recorded.keys()
    # What was refused is not made again: the first batch, as there was no table, and where two decided at once.
    assert recorded["batch"] < made["batch"]
    # Where another thread was quicker to receive a message, it is received once more.
    assert remade.pop("receive") >= recorded.pop("receive")
    assert remade == recorded


def test_transitions_are_measured_beside_their_floor(report: Report, tmp_path: Path) -> None:
    """By the use cases alone and by the functions in a host."""
    kinds, store = (ENGINE, FUNCTIONS), azurite.AzuriteStore()
    throughput.measure(report, kinds=kinds, at_once=(1,), releases=1, runs=1, store=store)

    rates = [one for one in report.figures if "/transitions/" in one.name]
    assert [one.name for one in rates] == ["azurite/transitions/engine", "azurite/transitions/functions"]
    assert all(one.value > 0 and one.floor and one.goal == pytest.approx(0.6 * one.floor) for one in rates)


def test_the_requests_of_a_release_are_counted_by_kind(report: Report) -> None:
    """What is ours apart from the host's own asking and acknowledging."""
    azurite.operations(report, releases=1)

    found = {one.name: one for one in report.figures}
    own = {name for name, one in found.items() if one.note}
    assert own >= {"azurite/queue receive", "azurite/queue acknowledge"}
    reports = {name for name in found if name.startswith("azurite/reports/")}
    ours = [one.value for name, one in found.items() if name not in {*own, *reports, "azurite/operations"}]
    assert found["azurite/operations"].value == pytest.approx(sum(ours))
    assert found["azurite/reports/operations"].value >= 10


def test_releases_under_way_end_after_their_host_was_killed(report: Report) -> None:
    """Each of them, by the host that was started next, from the account that was not killed."""
    recovery.measure(report, at_once=(3,), runs=1, store=azurite.AzuriteStore())

    first, all_move, all_done = (one.value for one in report.figures)
    assert 0 < first <= all_move <= all_done
