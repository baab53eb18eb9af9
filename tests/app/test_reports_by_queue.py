"""What workers report by their queues: at least once, and what comes of it is decided once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.app.handling.by_reference import whole
from shared.app.take_message import take_message
from shared.codec.envelope import decode, encode_report, reference_to, referred_to
from shared.domain.messages import events as ev
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Build, Deploy, GatherFacts, ObserveRollout, Retag, ServiceEffect
from shared.domain.messages.queues import NONPROD, PRODUCTION, queue_of, reports_queue_of
from shared.domain.state.phases import Phase
from shared.ports import errors
from shared.ports.errors import NotFound, Permanent
from shared.ports.queues import Received
from shared.ports.store import StoreUnavailable
from tests.app.test_workers import REPORTS, stopped_before
from tests.support.app_looks import Dying, Failing, all_but, latest, open_effects, the
from tests.support.app_parts import DELIVERY, Harness, branch
from tests.support.fleet import PRODUCTION_IDENTITY, QA_IDENTITY, WITH_IDENTITIES, Fleet
from tests.support.in_poison import poisoned
from tests.support.outside import MAIN


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Three processes that have read the repository and have nothing left to do."""
    made = Fleet(tmp_path)
    made.slipway.start()
    return made


def performed(slipway: Harness, kind: type[ServiceEffect]) -> Received:
    """Have an effect performed, and return the message with its report as control receives it."""
    assert slipway.deliver_one(kind.kind)
    [message] = [one for name in REPORTS for one in slipway.receive(name)]
    return message


def test_a_worker_decides_nothing_and_its_report_does(fleet: Fleet) -> None:
    """Until control takes it nothing has changed, and the effect is still in the outbox."""
    slipway = stopped_before(fleet, Retag)
    before, effect = slipway.state(), the(slipway, Retag)

    report = performed(slipway, Retag)
    untouched = (slipway.state(), the(slipway, Retag))
    slipway.take(report)

    assert untouched == (before, effect)
    assert report.queue == reports_queue_of(PRODUCTION)
    assert slipway.promotion("1.0.0", "production").phase is Phase.DEPLOYING


def test_a_report_that_comes_twice_is_decided_once(fleet: Fleet) -> None:
    """The second has no effect in the outbox any more; the ledger has no entry of it."""
    slipway = stopped_before(fleet, Retag)
    report = performed(slipway, Retag)
    slipway.take(report)
    before, entries = slipway.state(), len(slipway.timeline())

    slipway.take(report)

    assert (slipway.state(), len(slipway.timeline())) == (before, entries)


def test_control_that_died_before_it_sent_what_it_decided_sends_it_when_the_report_comes_again(fleet: Fleet) -> None:
    """Nobody else would, before the tick."""
    slipway = stopped_before(fleet, Retag)
    report = performed(slipway, Retag)
    dying: Any = Dying()
    with pytest.raises(ConnectionResetError):
        take_message(replace(slipway.app, queues=dying), report.queue, report.body)
    unsent = slipway.waiting("deploy")

    slipway.take(replace(report, attempts=2))

    assert (unsent, slipway.waiting("deploy")) == (0, 1)


@pytest.mark.parametrize("redelivered", [False, True])
def test_the_same_where_there_was_nothing_to_report(fleet: Fleet, *, redelivered: bool) -> None:
    """A report of something else may have been taken before; its queue says whether this one was."""
    slipway = stopped_before(fleet, Retag)
    [message] = slipway.receive(Retag.kind)
    gone = ev.EffectDone(id="x:done", service=DELIVERY, effect="x")
    body = encode_report(gone, Delivery(correlation="c", effect_number=1), at=slipway.app.now())

    take_message(slipway.app, reports_queue_of(PRODUCTION), body, redelivered=redelivered)

    assert slipway.waiting(Retag.kind) == (2 if redelivered else 1)
    assert decode(message.body).effect == the(slipway, Retag)


def test_a_worker_that_died_before_it_reported_does_it_again_and_reports_then(fleet: Fleet) -> None:
    """What is there already is not copied twice."""
    slipway = stopped_before(fleet, Retag)
    [message] = slipway.receive(Retag.kind)
    worker = slipway.workers[PRODUCTION]
    with pytest.raises(ConnectionResetError):
        take_message(replace(worker, queues=Broken(ConnectionResetError(), worker.queues)), message.queue, message.body)
    waiting = slipway.waiting(*REPORTS)

    slipway.take(replace(message, attempts=2))
    slipway.receiver.delete(message)
    slipway.pump()

    assert waiting == 0
    assert slipway.live("production") == "1.0.0"
    assert "they were there" in "".join(note for one in slipway.timeline() for note in one.notes)


class Broken:
    """Queues of which that for reports takes nothing."""

    def __init__(self, error: Exception, queues: Any) -> None:
        self._error, self._queues = error, queues

    def send(self, queue: str, *args: Any, **kwargs: Any) -> None:
        """See Queues."""
        if queue in map(reports_queue_of, (NONPROD, PRODUCTION)):
            raise self._error
        self._queues.send(queue, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queues, name)


def test_a_report_that_cannot_be_sent_brings_its_effect_back(fleet: Fleet) -> None:
    """The effect's message is acknowledged when its report is in the queue, and not before."""
    slipway = stopped_before(fleet, Retag)
    worker = slipway.workers[PRODUCTION]
    slipway.workers[PRODUCTION] = replace(worker, queues=Broken(StoreUnavailable("full"), worker.queues))
    slipway.deliver_one(Retag.kind)
    back = [slipway.receiver.count(queue_of(Retag.kind, one)) for one in (NONPROD, PRODUCTION)]
    slipway.workers[PRODUCTION] = worker
    slipway.pump()

    assert back == [0, 1]
    assert slipway.live("production") == "1.0.0"


def test_a_report_that_control_cannot_keep_goes_back_as_delivered_before(fleet: Fleet) -> None:
    """What it led to may have been committed all the same; it keeps its number."""
    slipway = stopped_before(fleet, Retag)
    report = performed(slipway, Retag)
    first = decode(report.body)
    control = slipway.app
    slipway.app = replace(control, store=Failing(control.store, StoreUnavailable("throttled")))
    slipway.take(report)
    slipway.receiver.delete(report)
    slipway.app = control
    slipway.outside.clock.advance(StoreUnavailable.retry_after)
    [again] = slipway.receive("reports-production")
    second = decode(again.body)
    slipway.take(again)

    assert second == first._replace(delivery=first.delivery.put_back())
    assert slipway.promotion("1.0.0", "production").phase is Phase.DEPLOYING


def test_what_is_put_back_twice_stays_as_it_is(fleet: Fleet) -> None:
    """It says already that it was delivered before."""
    slipway = stopped_before(fleet, Retag)
    report = performed(slipway, Retag)
    slipway.app = replace(slipway.app, store=Failing(slipway.app.store, StoreUnavailable("throttled")))

    bodies = []
    for _ in range(2):
        take_message(slipway.app, report.queue, report.body)
        slipway.receiver.delete(report)
        slipway.outside.clock.advance(StoreUnavailable.retry_after)
        [report] = slipway.receive("reports-production")
        bodies.append(report.body)

    assert bodies[0] == bodies[1]


def test_a_large_report_goes_by_evidence(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """As any message does that no queue can hold; what is kept is compared with its name when it is read."""
    monkeypatch.setattr(errors, "LONGEST_MESSAGE", 100_000)
    slipway = stopped_before(fleet, Retag)
    slipway.outside.troubles.add("registry.copy", Permanent("x" * 70_000))

    report = performed(slipway, Retag)
    said = decode(whole(slipway.app, report.body))

    assert referred_to(report.body) is not None
    assert isinstance(said.event, ev.EffectFailed)
    assert (len(said.event.reason), said.delivery.effect_number > 0) == (70_000, True)


def test_a_large_report_whose_evidence_is_gone_is_poison(fleet: Fleet) -> None:
    """Attack: a reference to what nobody kept. Trying again mends nothing."""
    slipway = stopped_before(fleet, Retag)
    report = performed(slipway, Retag)

    with pytest.raises(NotFound):
        take_message(slipway.app, report.queue, reference_to(report.body, "0" * 64))


def test_a_runs_name_is_reported_while_the_build_goes_on(fleet: Fleet) -> None:
    """Its effect stays in the outbox until the build ends."""
    slipway = fleet.slipway
    slipway.outside.builder.slow[branch("1.0.0")] = 2
    slipway.outside.builder.named = True
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    slipway.deliver_one("build")
    slipway.pump(*REPORTS)
    build = slipway.release("1.0.0").build

    assert build is not None
    assert build.handle.id
    assert the(slipway, Build).number == build.number
    slipway.pump()
    assert slipway.live("qa") == "1.0.0"


@pytest.mark.parametrize("kind", [Retag, Deploy, ObserveRollout])
def test_a_report_in_poison_ends_what_waits_for_it(fleet: Fleet, kind: type[ServiceEffect]) -> None:
    """As Errored, at once; a retry asks anew."""
    slipway = stopped_before(fleet, kind)
    report = performed(slipway, kind)

    poisoned(slipway, report.body.encode(), queue=report.queue)

    assert slipway.promotion("1.0.0", "production").phase is Phase.ERRORED
    assert [one for one in open_effects(slipway) if isinstance(one, kind)] == []


def test_what_was_read_of_an_environment_that_is_anothers_by_now_is_not_taken(fleet: Fleet) -> None:
    """The ledger says so, the effect is done with, and whoever it is for now reads it anew."""
    slipway = stopped_before(fleet, GatherFacts)
    report = performed(slipway, GatherFacts)
    changed = WITH_IDENTITIES.replace(f"identity: {PRODUCTION_IDENTITY}", f"identity: {QA_IDENTITY}")
    slipway.push(MAIN, {"slipway.yaml": changed.encode()})
    slipway.pump("events", "inspect-push")
    before = slipway.state()
    slipway.take(report)
    entry = latest(slipway)

    assert (slipway.state(), entry.detail_of("code")) == (before, "misplaced")
    assert "its environment is the nonprod worker's, and not production's" in entry.reason
    assert len([one for one in open_effects(slipway) if isinstance(one, GatherFacts)]) == 1
    slipway.pump()
    slipway.approve()
    assert slipway.live("production") == "1.0.0"
