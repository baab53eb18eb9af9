"""A whole release while its clock is set at random: judged by the ledger and by a judge of windows of its own."""

from __future__ import annotations

import itertools
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.adapters.sqlite import SqliteDatabase
from shared.codec.ledger import LedgerEntry, verify
from shared.domain.drafts.decision import Outcome
from shared.domain.state.phases import Phase, ReleasePhase
from tests.support.app_parts import DELIVERY, Harness, make_app
from tests.support.by_kind import ALL_KINDS
from tests.support.outside import SLIPWAY_YAML, Clock, Outside
from tests.support.wiring import wire

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
# The night's window begins in the hour that spring leaves out and autumn repeats.
YAML = SLIPWAY_YAML.replace("gates: {scan: high, ", "gates: {scan: high, soak: 30m, ") + (
    'freezes: [{environments: [production], cron: "30 2 * * *", duration: 3h, timezone: Europe/Berlin, reason: night}]\n'
)
STARTS = [datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 10, 24, 22, 30, tzinfo=UTC)]
JUMPS = st.sampled_from([-DAY, -HOUR, -7 * MINUTE, -SECOND, SECOND, 7 * MINUTE, HOUR, DAY, 31 * DAY, -31 * DAY])
STEPS = st.lists(st.tuples(st.sampled_from(["pass", "set", "one", "answer", "tick"]), JUMPS), min_size=5, max_size=40)


def frozen(at: datetime) -> bool:
    """Walk back through the last three hours: did a wall in Berlin show 02:30, or jump over it?"""
    minute = at.replace(second=0, microsecond=0)
    minutes = [minute - MINUTE * number for number in range(240)]
    shown = {one: one.astimezone(BERLIN).replace(tzinfo=None) for one in (*minutes, minutes[-1] - MINUTE)}
    for one in minutes:
        wanted = shown[one].replace(hour=2, minute=30)
        first = one.astimezone(BERLIN).fold == 0 and shown[one] == wanted
        if (first or shown[one - MINUTE] < wanted < shown[one]) and one <= at < one + 3 * HOUR:
            return True
    return False


def moved(entries: list[LedgerEntry], what: str) -> list[LedgerEntry]:
    """Entries whose notes tell of a move."""
    return [one for one in entries if any(what in note for note in one.notes)]


def judge(slipway: Harness) -> None:
    """What started, started by the rules, by the clock that was shown then; and once."""
    rows = slipway.app.store.ledger(str(DELIVERY), after=0, most=10_000)
    assert verify(rows, service=str(DELIVERY))
    entries = slipway.timeline()
    for number in {str(one.number) for one in slipway.release("1.0.0").promotions}:
        for phase in ("→ Retagging", "→ Deploying", "→ Verifying", "→ Succeeded", "→ Expired"):
            told = [note for one in entries for note in one.notes if f"#{number} " in note and phase in note]
            assert len(told) <= 1, told
    for start in moved(entries, "Waiting → Retagging"):
        assert not frozen(start.at), start.at
        qa = [
            one for one in entries if one.sequence < start.sequence and moved([one], "qa #1 forward: Verifying → Succ")
        ]
        assert start.at >= qa[-1].at + 30 * MINUTE
        yes = [one for one in entries if one.sequence <= start.sequence and moved([one], "approved by")]
        waits = [one for one in entries if one.sequence <= start.sequence and moved([one], "Pending → Waiting")]
        # What was given by a clock that stood far back counts from when it began to wait, by the clock that is right again.
        assert min(abs(start.at - one.at) for one in (yes[-1], waits[-1])) < DAY


@example(
    datetime(2026, 3, 28, 23, 30, tzinfo=UTC),
    [("pass", -DAY), ("pass", -DAY), ("set", -31 * DAY), ("answer", -DAY), ("set", 31 * DAY)],
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(STARTS), STEPS)
def test_over_any_walk_of_the_clock_windows_soak_and_approval_hold_and_nothing_fires_twice(
    start: datetime, steps: list[tuple[str, timedelta]]
) -> None:
    """And when the clock goes on at last, everything comes to an end."""
    outside = Outside(slipway_yaml=YAML)
    outside.clock.set(start - outside.clock())
    with tempfile.TemporaryDirectory() as folder:
        slipway = make_app("memory", Path(folder), outside).start()
        slipway.push_release("1.0.0")
        for what, jump in steps:
            if what == "pass":
                outside.clock.advance(abs(jump) if abs(jump) < DAY else HOUR)
            elif what == "set":
                outside.clock.set(jump)
            elif what == "one":
                slipway.deliver_one()
            elif what == "answer" and outside.people.open:
                slipway.answer()
            slipway.tick()
        for _ in range(12):
            slipway.tick(HOUR)
            if outside.people.open:
                slipway.approve()
        judge(slipway)

        # By a clock that stood far back an approval may only lapse, and is asked for once more.
        for _ in range(2):
            slipway.tick(70 * DAY)
        assert slipway.release("1.0.0").phase.ended
        assert slipway.waiting() == 0


def test_two_hosts_five_minutes_apart_release_once(tmp_path: Path) -> None:
    """Each with its own clock, queues and tick, on one file: what the one leaves the other goes on with."""
    outside = Outside(slipway_yaml=YAML)
    outside.clock.set(datetime(2026, 3, 29, 0, 0, tzinfo=UTC) - outside.clock())
    clocks = [outside.clock, Clock(outside.clock() + 5 * MINUTE)]
    databases = [SqliteDatabase(tmp_path / "slipway.db", one, elapsed=one.elapsed) for one in clocks]
    hosts = []
    for clock, database in zip(clocks, databases, strict=True):
        database.recover()
        outside.clock = clock
        hosts.append(Harness(wire(database, outside, tmp_path / "scratch"), database, outside))
    outside.clock = clocks[0]
    hosts[0].start()
    hosts[1].push_release("1.0.0")

    asked_at: list[datetime] = []
    for host, minute in zip(itertools.cycle(hosts), range(8 * 60), strict=False):
        outside.clock = clocks[minute % 2]
        host.tick()
        # Until the push itself is heard of, nobody is known to have pushed what the other's tick has found.
        if outside.people.open and not asked_at and host.answer().outcome is not Outcome.REFUSED:
            asked_at.append(outside.clock())
        clocks[0].advance(MINUTE)
        clocks[1].advance(MINUTE)
        host.pump(most=timedelta(0))

    released = hosts[0].release("1.0.0")
    judge(hosts[0])
    judge(hosts[1])
    assert released.phase is ReleasePhase.RELEASED
    assert [one.phase for one in released.promotions] == [Phase.SUCCEEDED, Phase.SUCCEEDED]
    assert len(outside.people.asked) == 1
    assert [len(written) for written in outside.environments.applied.values()] == [1, 1]
    for database in databases:
        database.close()


@pytest.mark.parametrize("jump", [-31 * DAY, 31 * DAY])
def test_a_message_that_comes_again_after_a_jump_changes_nothing(tmp_path: Path, jump: timedelta) -> None:
    """Also where a clock a month ahead has the marks of what was seen pruned: state catches what they do not."""
    slipway = make_app("memory", tmp_path).start()
    pruned = []

    def deliver_twice() -> bool:
        for kind in ALL_KINDS:
            for message in slipway.receive(kind):
                slipway.take(message)
                slipway.outside.clock.set(jump)
                pruned.append(slipway.app.store.prune(str(DELIVERY), most=1000))
                slipway.outside.clock.set(-jump)
                slipway.take(message)
                slipway.receiver.delete(message)
                return True
        return False

    def go_on() -> None:
        while deliver_twice() or slipway.waiting():
            slipway.outside.clock.advance(SECOND)

    slipway.push_release("1.0.0")
    go_on()
    slipway.answer()
    go_on()

    judged = slipway.timeline()
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED
    assert [len(written) for written in slipway.outside.environments.applied.values()] == [1, 1]
    assert len(slipway.outside.people.asked) == 1
    assert len(moved(judged, "Waiting → Retagging")) == 1
    assert (sum(pruned) > 0) is (jump > timedelta(0))
