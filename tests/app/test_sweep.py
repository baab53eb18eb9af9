"""The minute tick: what has come due, what was left behind, and what nobody told of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from shared.app.handling.handle_event import handle
from shared.app.sweep import sweep
from shared.codec.repository import tip_row
from shared.domain.messages import events as ev
from shared.ports.errors import Transient
from shared.ports.store import Due, OutboxRow, StaleService, StoreUnavailable, Write
from tests.support.app_looks import Failing, Mute, all_but, hints, queued
from tests.support.app_parts import DELIVERY, PACKAGE, Harness, branch
from tests.support.outside import ADA, MAIN, SHIPPING, SLIPWAY_YAML

MINUTE = timedelta(minutes=1)
FEATURE = "refs/heads/feature/delivery/x"


def damage(slipway: Harness) -> None:
    """Have a newer Slipway write something of delivery that this one cannot read."""
    write = Write(puts={"1~lane~x": b"{}"}, ledger=lambda sequence, previous: b"newer")
    slipway.app.store.transact(str(DELIVERY), "newer", lambda loaded: write)


def test_a_deadline_that_has_passed_is_seen(slipway: Harness) -> None:
    """A build that never reports ends in Errored, with nothing happening in between."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    slipway.outside.clock.advance(timedelta(hours=2))
    sweep(slipway.app)

    assert slipway.release("1.0.0").phase == "Errored"


def test_nothing_is_looked_at_before_its_time(slipway: Harness) -> None:
    """One range of hints is read, and no service that has none."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    before = hints(slipway)
    slipway.outside.clock.advance(timedelta(minutes=119))
    slipway.app.store.remove_due([row.key for row in before if row.at <= slipway.app.now()])
    entries = slipway.timeline()
    sweep(slipway.app)

    assert slipway.timeline() == entries
    assert hints(slipway)


def test_a_hint_is_removed_when_it_was_looked_at(slipway: Harness) -> None:
    """Otherwise every tick would look at every service that ever waited."""
    slipway.app.store.add_due(str(DELIVERY), Due(at=slipway.app.now(), what="spurious"))
    sweep(slipway.app)

    assert [row for row in hints(slipway) if row.what == "spurious"] == []


def test_effects_that_a_dead_worker_left_are_sent_again(slipway: Harness) -> None:
    """A request has no message behind it that would come again; its hint leads here."""
    queues = slipway.app.queues
    change = ev.ChangeFound(id="c", service=DELIVERY, ref=branch("1.0.0"), commit="b" * 40, number=1)
    slipway.wrap(queues=Mute())
    slipway.app.store.add_due(str(DELIVERY), Due(at=slipway.app.now(), what="request"))
    handle(slipway.app, change)
    slipway.wrap(queues=queues)
    before = queued(slipway, "gather-facts")
    sweep(slipway.app)

    assert (before, queued(slipway, "gather-facts")) == (0, 1)


class Told(Mute):
    """Queues that keep what they were to send of an outbox."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """See Queues."""
        self.keys += [row.key for row in rows]


def test_effects_decided_long_before_a_hint_are_not_sent_again(slipway: Harness) -> None:
    """Their own messages or hints see to them; else each look would add a message to those on their way."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    slipway.outside.clock.advance(timedelta(minutes=20))
    slipway.app.store.add_due(str(DELIVERY), Due(at=slipway.app.now(), what="request"))
    told = Told()
    sweep(slipway.wrap(queues=told).app)

    assert slipway.app.store.read(str(DELIVERY)).outbox
    assert told.keys == []


def test_what_a_look_decides_is_sent_once(slipway: Harness) -> None:
    """The decision sends it; the look that led there adds nothing."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    slipway.outside.clock.advance(timedelta(hours=2))
    told = Told()
    sweep(slipway.wrap(queues=told).app)

    assert told.keys
    assert len(told.keys) == len(set(told.keys))


def test_after_a_look_that_failed_everything_is_sent(slipway: Harness) -> None:
    """It may have failed between a decision and what was to be sent."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    slipway.outside.clock.advance(timedelta(minutes=20))
    slipway.app.store.add_due(str(DELIVERY), Due(at=slipway.app.now(), what="request"))
    store, told = slipway.app.store, Told()
    sweep(slipway.wrap(store=Failing(store, StoreUnavailable("gone")), queues=told).app)
    before = list(told.keys)
    slipway.outside.clock.advance(timedelta(minutes=5))
    sweep(slipway.wrap(store=store).app)

    assert before == []
    assert told.keys == list(store.read(str(DELIVERY)).outbox)


def test_marks_of_events_seen_long_ago_are_pruned(slipway: Harness) -> None:
    """A partition does not grow by them for ever."""
    slipway.outside.clock.advance(timedelta(days=31))
    slipway.app.store.add_due(str(DELIVERY), Due(at=slipway.app.now(), what="look"))
    sweep(slipway.app)

    assert slipway.app.store.prune(str(DELIVERY), most=100) == 0


def test_many_hints_are_all_looked_at_in_one_tick(slipway: Harness) -> None:
    """They are read in portions; the last one is not left for a minute later."""
    for number in range(201):
        at = slipway.app.now() - timedelta(seconds=number)
        slipway.app.store.add_due(str(PACKAGE), Due(at=at, what=f"n{number}"))
    sweep(slipway.app)

    assert slipway.app.store.due(slipway.app.now(), most=1) == []


@pytest.mark.parametrize("number", [200, 400])
def test_a_full_last_portion_ends_too(slipway: Harness, number: int) -> None:
    """The next one is empty."""
    for each in range(number):
        slipway.app.store.add_due(str(PACKAGE), Due(at=slipway.app.now() - timedelta(seconds=each), what="x"))
    sweep(slipway.app)

    assert slipway.app.store.due(slipway.app.now(), most=1) == []


def test_one_services_trouble_keeps_no_other_waiting(slipway: Harness) -> None:
    """A service that a newer Slipway wrote comes first; the next one is looked at all the same."""
    slipway.push_release("1.0.0", PACKAGE)
    slipway.pump(*all_but("build"))
    damage(slipway)
    slipway.app.store.add_due(str(DELIVERY), Due(at=slipway.app.now(), what="look"))
    slipway.outside.clock.advance(timedelta(hours=2))
    sweep(slipway.app)

    assert slipway.release("1.0.0", PACKAGE).phase == "Errored"


def test_a_service_in_trouble_is_looked_at_again(slipway: Harness) -> None:
    """In some minutes: its hint is the only thing that knows of its deadline."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    store = slipway.app.store
    slipway.outside.clock.advance(timedelta(hours=2))
    sweep(slipway.wrap(store=Failing(store, StaleService("others were faster"), str(DELIVERY))).app)
    slipway.wrap(store=store)
    after = slipway.release("1.0.0").phase
    slipway.outside.clock.advance(timedelta(minutes=5))
    sweep(slipway.app)

    assert after == "Packaging"
    assert slipway.release("1.0.0").phase == "Errored"


def test_a_hint_that_names_no_service_harms_nobody(slipway: Harness) -> None:
    """Spurious rows are harmless, whatever is in them."""
    slipway.app.store.add_due("NOT A SERVICE", Due(at=slipway.app.now(), what="?"))
    slipway.app.store.add_due(str(DELIVERY), Due(at=slipway.app.now(), what="look"))
    sweep(slipway.app)

    assert [row for row in hints(slipway) if row.what == "look"] == []


def test_a_store_that_fails_altogether_fails_the_tick(slipway: Harness) -> None:
    """The timer comes again; nothing is forgotten."""

    class Gone(Failing):
        def add_due(self, service: str, due: Due) -> None:
            raise StoreUnavailable("gone")

    slipway.app.store.add_due(str(DELIVERY), Due(at=slipway.app.now(), what="look"))
    store = slipway.app.store
    with pytest.raises(StoreUnavailable):
        sweep(slipway.wrap(store=Gone(store, StoreUnavailable("gone"), str(DELIVERY))).app)
    slipway.wrap(store=store)

    assert [row.what for row in store.due(slipway.app.now(), most=9) if row.what == "look"] == ["look"]


def test_a_push_that_nobody_told_of_is_made_up_for(slipway: Harness) -> None:
    """E.g. one that was made while the host was down."""
    slipway.outside.commit(branch("1.0.0"), {"x": b"1"})
    slipway.tick()

    assert slipway.promotion("1.0.0", "production").phase == "Waiting"


def test_a_branch_that_was_deleted_unseen_is_told_of(slipway: Harness) -> None:
    """Its tip is known, and it is gone."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    slipway.outside.delete(branch("1.0.0"))
    sweep(slipway.app)
    slipway.pump("inspect-push")

    assert slipway.release("1.0.0").phase == "Aborted"


def test_branches_that_stand_where_they_were_are_not_told_of(slipway: Harness) -> None:
    """A quiet repository costs one reading of its tips, deleted branches included."""
    slipway.push(FEATURE, {"src/shipping/delivery/x": b"1"})
    slipway.pump()
    slipway.outside.delete(FEATURE)
    slipway.tick()
    sweep(slipway.app)

    assert queued(slipway, "inspect-push") == 0


def test_a_change_that_a_dead_worker_left_half_told_is_told_of_again(slipway: Harness) -> None:
    """The tip is where it was, but not everybody knows."""
    row = slipway.app.rows.get(SHIPPING, tip_row(MAIN))
    assert row is not None
    slipway.app.rows.overwrite(SHIPPING, row.key, row.value.replace(b'"sent":true', b'"sent":false'))
    sweep(slipway.app)

    assert queued(slipway, "inspect-push") == 1


def test_one_repositorys_trouble_keeps_no_other_waiting(slipway: Harness) -> None:
    """The first cannot be read, the second is."""
    slipway.outside.source.create("zebra")
    slipway.outside.source.commit("zebra", MAIN, {"slipway.yaml": SLIPWAY_YAML.encode()}, by=ADA)
    slipway.outside.troubles.add("source", Transient("out of reach"))
    sweep(slipway.app)

    assert queued(slipway, "inspect-push") == 1


def test_a_tip_that_cannot_be_read_keeps_no_other_repository_waiting(slipway: Harness) -> None:
    """A newer Slipway wrote it."""
    slipway.outside.source.create("zebra")
    slipway.outside.source.commit("zebra", MAIN, {"slipway.yaml": SLIPWAY_YAML.encode()}, by=ADA)
    slipway.app.rows.overwrite(SHIPPING, tip_row(MAIN), b'{"schema":99}')
    sweep(slipway.app)

    assert queued(slipway, "inspect-push") == 1
