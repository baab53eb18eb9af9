"""One event: committed once, answered the same each time, and its effects sent until they are done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.app.handling.handle_event import Handled, handle
from shared.app.operating.operate import add_hold
from shared.app.people.authorship import with_authorship
from shared.codec.envelope import decode
from shared.codec.errors import UnreadableRecord
from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Deploy, ReadTags, SetStatus
from shared.domain.values.records import replace
from shared.ports.store import Committed, Loaded, Store, Write
from tests.support.app_looks import Mute, all_but, hints, latest, open_effects, queued, the
from tests.support.app_parts import DELIVERY, Harness, branch
from tests.support.outside import ADA, RITA

RELEASE = ev.ChangeFound(id="push-1", service=DELIVERY, ref=branch("1.0.0"), commit="b" * 40, number=1, pushed_by=ADA)


def test_an_event_leads_to_state_an_entry_and_messages(slipway: Harness) -> None:
    """All of one decision, and the messages go on at once."""
    before = len(slipway.timeline())
    handled = handle(slipway.app, RELEASE, Delivery(correlation="delivery-7"))

    assert handled.outcome is Outcome.MOVED
    assert handled.sequence == before + 1
    assert slipway.release("1.0.0").commit == "b" * 40
    assert latest(slipway).effects == tuple(one.id for one in open_effects(slipway))
    assert {type(one) for one in open_effects(slipway)} == {ReadTags, SetStatus}
    assert queued(slipway, "gather-facts") == 1
    [message] = slipway.receive("gather-facts")
    assert decode(message.body).delivery.correlation == "delivery-7"


class DecidingAgain:
    """A store whose answer to the first batch was lost: another decision is made before the first is found to be there."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def transact(self, service: str, event_id: str, fn: Callable[[Loaded], Write | None]) -> Committed:
        """See Store."""
        committed = self._store.transact(service, event_id, fn)
        fn(self._store.read(service))
        return committed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_the_answer_is_that_of_the_decision_that_was_committed(slipway: Harness) -> None:
    """Not that of one which was made after it and came to nothing."""
    handled = handle(slipway.wrap(store=DecidingAgain(slipway.app.store)).app, RELEASE)

    assert handled.outcome is Outcome.MOVED
    assert handled.sequence == latest(slipway).sequence


def test_the_ledger_names_who_was_behind_an_event(slipway: Harness) -> None:
    """The pusher of a change, the person of a request, nobody where time passed or an effect reported."""
    handle(slipway.app, RELEASE)
    pushed = latest(slipway)
    request = ev.AbortRequested(id="r-1", service=DELIVERY, person=RITA, version="1.0.0", reason="by mistake")
    handle(slipway.app, request)
    requested = latest(slipway)

    assert pushed.person == ADA
    assert requested.person == RITA
    assert slipway.timeline()[0].person is None


def test_an_event_is_its_own_correlation_where_it_has_no_other(slipway: Harness) -> None:
    """So that everything can be traced to where it began."""
    handle(slipway.app, RELEASE)

    assert latest(slipway).correlation == "push-1"


def test_the_ledger_notes_which_holds_a_decision_saw(slipway: Harness) -> None:
    """By the revision of the estate that was read with the state."""
    handle(slipway.app, RELEASE)
    without = latest(slipway)
    add_hold(slipway.app, slipway.caller("holds"), scope="everything", reason="fire", until=None)
    handle(slipway.app, replace(RELEASE, id="push-2", commit="c" * 40, number=2))

    assert (without.estate, latest(slipway).estate) == (0, 1)


def test_a_second_delivery_is_answered_with_what_the_first_led_to(slipway: Harness) -> None:
    """Nothing is written, whatever has happened since."""
    slipway.release_to("1.0.0", approve=False)
    yes = ev.ApprovalAnswered(
        id="click-1", service=DELIVERY, request=slipway.request(), person=RITA, groups=(), approve=True
    )
    answered = with_authorship(slipway.app, yes)
    first = handle(slipway.app, answered)
    slipway.pump()
    entries = len(slipway.timeline())
    again = handle(slipway.app, answered)

    assert first.about == "2"
    assert again == replace(first, duplicate=True)
    assert len(slipway.timeline()) == entries


def test_a_refusal_is_repeated_word_by_word(slipway: Harness) -> None:
    """With its code, so that a program that asks twice understands both."""
    request = ev.AbortRequested(id="r-1", service=DELIVERY, person=RITA, version="9.0.0", reason="")
    first = handle(slipway.app, request)
    again = handle(slipway.app, request)

    assert first.outcome is Outcome.REFUSED
    assert first.code
    assert first.reason
    assert again == replace(first, duplicate=True)


def test_a_second_delivery_sends_again_what_is_not_done(slipway: Harness) -> None:
    """A worker that died between commit and send left them in the outbox only."""
    queues = slipway.app.queues
    handle(slipway.wrap(queues=Mute()).app, RELEASE)
    lost = queued(slipway, "gather-facts")
    handle(slipway.wrap(queues=queues).app, RELEASE)

    assert lost == 0
    [sent] = slipway.receive("gather-facts")
    assert decode(sent.body).effect == the(slipway, ReadTags)


def test_a_second_delivery_sends_nothing_that_is_done(slipway: Harness) -> None:
    """The report took the effects out of the outbox."""
    handle(slipway.app, RELEASE)
    slipway.pump(*all_but("build"))
    handle(slipway.app, RELEASE)

    assert queued(slipway, "gather-facts") == 0
    assert queued(slipway, "notify") == 0


def test_a_report_is_done_with_its_own_effect_alone(slipway: Harness) -> None:
    """Others of the same decision stay until they are done themselves."""
    handle(slipway.app, RELEASE)
    effect = the(slipway, ReadTags)
    report = ev.TagsRead(id="x", service=DELIVERY, effect=effect.id, version="1.0.0", parts=())
    handle(slipway.app, report)

    left = [type(one).__name__ for one in open_effects(slipway)]
    assert sorted(left) == ["Build", "SetStatus"]


def test_a_late_report_is_noted_and_takes_its_effect_out_of_the_outbox(slipway: Harness) -> None:
    """It changes nothing, and nobody performs it again."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("deploy"))
    effect = the(slipway, Deploy)
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="wrong branch")
    late = ev.ArtifactDeployed(
        id="late", service=DELIVERY, effect=effect.id, number=effect.number, attempt=7, revision="r"
    )
    handled = handle(slipway.app, late)

    assert handled.outcome is Outcome.IGNORED
    assert latest(slipway).reason == handled.reason
    assert effect not in open_effects(slipway)


def test_what_ended_long_ago_is_read_when_a_decision_needs_it(slipway: Harness) -> None:
    """A pushed version that was released is refused with the digest it has."""
    released = slipway.release_to("1.0.0")
    handled = handle(slipway.app, replace(RELEASE, number=9))

    assert released.artifact is not None
    assert "1.0.0" not in str(list(slipway.state().releases))
    assert handled.code == "already-packaged"
    assert str(released.artifact.image.digest) in handled.reason


def test_what_changes_nothing_writes_nothing(slipway: Harness) -> None:
    """Not even an entry: not finished yet is no news."""
    slipway.release_to("1.0.0", approve=False)
    before = slipway.app.store.read(str(DELIVERY))
    handled = handle(slipway.app, ev.TimePassed(id="t-1", service=DELIVERY))

    assert handled == Handled(outcome=Outcome.NOTHING, sequence=before.sequence)
    assert slipway.app.store.read(str(DELIVERY)) == before


def test_what_changes_nothing_still_says_when_to_look_again(slipway: Harness) -> None:
    """The hint that led here is about to be removed; without another the deadline would pass unseen."""
    slipway.release_to("1.0.0", approve=False)
    deadline = slipway.promotion("1.0.0", "production").deadline
    slipway.app.store.remove_due([row.key for row in hints(slipway)])
    handle(slipway.app, ev.TimePassed(id="t-1", service=DELIVERY))

    assert [row.at for row in hints(slipway)] == [deadline]


def test_what_waits_for_nothing_asks_for_no_look(slipway: Harness) -> None:
    """A service at rest costs nothing."""
    slipway.app.store.remove_due([row.key for row in hints(slipway)])
    handle(slipway.app, ev.TimePassed(id="t-1", service=DELIVERY))

    assert hints(slipway) == []


def test_a_decision_says_beforehand_when_to_look_again(slipway: Harness) -> None:
    """A build that never reports has a deadline."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    run = slipway.release("1.0.0").build

    assert run is not None
    assert run.deadline == slipway.app.now() + timedelta(hours=2)
    assert run.deadline in [row.at for row in hints(slipway)]


def test_a_service_that_a_newer_slipway_wrote_is_left_alone(slipway: Harness) -> None:
    """What cannot be read is not decided about, and nothing of it is written."""
    write = Write(puts={"1~lane~x": b"{}"}, ledger=lambda sequence, previous: b"newer")
    slipway.app.store.transact(str(DELIVERY), "newer", lambda loaded: write)
    before = slipway.app.store.read(str(DELIVERY))
    with pytest.raises(UnreadableRecord, match="1~lane~x"):
        handle(slipway.app, RELEASE)

    assert slipway.app.store.read(str(DELIVERY)) == before
