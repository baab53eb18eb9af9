"""Holds, freezes, lapsed approvals and deadlines, over whole releases."""

from __future__ import annotations

from datetime import timedelta

from shared.app.operating.operate import ESTATE, add_hold, holds, lift_hold
from shared.codec.ledger import verify
from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from shared.domain.state.build import BuildOutcome
from shared.domain.state.phases import Phase, ReleasePhase
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import DELIVERY, Harness, branch
from tests.support.outside import MAIN, SLIPWAY_YAML

HOUR = timedelta(hours=1)
FROZEN = SLIPWAY_YAML + (
    'freezes: [{environments: [production], cron: "0 16 * * 1", duration: 20h, timezone: UTC, reason: month end}]\n'
)


def hold(slipway: Harness, scope: str = "environment:production", key: str = "k", **more: object) -> str:
    """Have Rita hold something."""
    said = {"reason": "the database moves", "until": None, **more}
    return add_hold(slipway.app, slipway.caller("holds", key), scope=scope, **said).id  # type: ignore[arg-type]


def held_now(slipway: Harness, scope: str = "environment:production") -> None:
    """Hold something in the middle of what goes on."""
    hold(slipway, scope)


def lift(slipway: Harness, hold_id: str) -> None:
    """Have Rita lift it, and let everything go on."""
    lift_hold(slipway.app, slipway.caller("lift", "k"), hold_id, "it has moved")
    slipway.pump()


def test_a_hold_on_an_environment_keeps_an_approved_version_out_until_it_is_lifted(slipway: Harness) -> None:
    """Nobody has to push or click anything else."""
    hold_id = hold(slipway)
    slipway.release_to("1.0.0", approve=False)
    waited = slipway.promotion("1.0.0", "production")

    lift(slipway, hold_id)

    slipway.approve()
    assert waited.phase is Phase.WAITING
    assert "the database moves" in waited.reason
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_hold_set_between_deciding_and_retagging_is_read_before_anything_is_copied(slipway: Harness) -> None:
    """The effect waits in its queue and goes on by itself."""
    slipway.release_to("1.0.0", approve=False)
    slipway.answer()
    slipway.pump("gather-facts")
    hold_id = hold(slipway)
    slipway.pump()
    copied = list(slipway.outside.registry.copies)

    lift(slipway, hold_id)

    assert copied == []
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_hold_that_begins_while_retagging_lets_it_finish_and_stops_before_deploying(slipway: Harness) -> None:
    """The tag is there, the environment untouched."""
    slipway.release_to("1.0.0", approve=False)
    made: list[str] = []
    slipway.outside.troubles.before["registry.copy"] = lambda: made.append(hold(slipway))
    slipway.approve()
    stopped = slipway.promotion("1.0.0", "production")
    deployed = slipway.outside.environments.live("production", "delivery")

    lift(slipway, made[0])

    assert (stopped.phase, stopped.retagged) == (Phase.RETAGGING, True)
    assert "the database moves" in stopped.reason
    assert deployed is None
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_hold_that_begins_while_deploying_lets_it_finish(slipway: Harness) -> None:
    """Half a deployment is worse than one more."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.troubles.before["applier.write"] = lambda: held_now(slipway)

    slipway.approve()

    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_hold_never_stops_a_rollback(slipway: Harness) -> None:
    """Stop-the-line during a failing rollout still ends with the good version."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    slipway.release_to("1.1.0", approve=False)
    slipway.outside.troubles.before["watcher.observe"] = lambda: held_now(slipway, "everything")

    slipway.approve()

    assert slipway.live("production") == "1.0.0"
    assert slipway.running("production").version == "1.0.0"


def test_a_hold_that_ends_by_itself_lets_go_at_the_tick(slipway: Harness) -> None:
    """Its end is a time to wake at."""
    slipway.release_to("1.0.0", approve=False)
    hold(slipway, until=slipway.app.now() + HOUR)
    slipway.approve()
    held = slipway.promotion("1.0.0", "production").phase

    slipway.tick(HOUR + timedelta(minutes=1))

    assert held in (Phase.WAITING, Phase.RETAGGING)
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_asking_for_a_hold_again_with_the_same_key_changes_nothing(slipway: Harness) -> None:
    """One hold, one entry in the estate's ledger; lifting twice says that there is none."""
    first = hold(slipway, key="same")
    second = hold(slipway, key="same")
    entries = slipway.timeline(ESTATE)

    lifted = lift_hold(slipway.app, slipway.caller("lift"), first, "done")

    assert first == second
    assert [one.id for one in holds(slipway.app)] == []
    assert [(one.event_type, one.person.name if one.person else "") for one in entries] == [
        ("hold-added", "Rita Manager")
    ]
    assert lifted is not None
    assert lift_hold(slipway.app, slipway.caller("lift"), first, "done") is None
    assert verify(slipway.app.store.ledger(ESTATE, after=0, most=10), service=ESTATE)


def test_the_ledger_of_a_service_names_the_revision_of_the_holds_it_decided_by(slipway: Harness) -> None:
    """Whoever reads it later knows which holds were in force."""
    hold(slipway)
    slipway.release_to("1.0.0", approve=False)

    entries = slipway.timeline(DELIVERY)

    assert entries[0].estate == 0
    assert entries[-1].estate == 1


def test_an_approval_before_a_freeze_does_not_deploy_into_it(slipway: Harness) -> None:
    """It deploys when the window has ended, with the same yes."""
    slipway.push(MAIN, {"slipway.yaml": FROZEN.encode()})
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.clock.advance(5 * HOUR)
    slipway.approve()
    frozen = slipway.promotion("1.0.0", "production")

    slipway.tick(20 * HOUR)

    assert frozen.phase is Phase.WAITING
    assert "month end" in frozen.reason
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED
    assert len(slipway.outside.people.asked) == 1


def test_an_override_lets_one_version_past_a_freeze_once(slipway: Harness) -> None:
    """Named and with a reason; the next version waits again."""
    slipway.push(MAIN, {"slipway.yaml": FROZEN.encode()})
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.clock.advance(5 * HOUR)
    slipway.approve()

    handled = slipway.ask(
        ev.OverrideGranted, environment="production", version="1.0.0", gate="freeze", reason="the site is down"
    )

    slipway.pump()
    slipway.release_to("1.1.0")
    assert handled.outcome is Outcome.MOVED
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED
    assert slipway.promotion("1.1.0", "production").phase is Phase.WAITING


def test_an_approval_that_waited_too_long_lapses_and_is_asked_again(slipway: Harness) -> None:
    """Yesterday's yes, kept back by a hold, is not today's."""
    slipway.release_to("1.0.0", approve=False)
    hold_id = hold(slipway)
    slipway.answer()
    slipway.pump()
    slipway.tick(25 * HOUR)

    lift(slipway, hold_id)

    waiting = slipway.promotion("1.0.0", "production")
    assert waiting.phase is Phase.WAITING
    assert waiting.approval is not None
    assert (waiting.approval.granted, waiting.approval.round) == (None, 2)
    assert slipway.approve().outcome is Outcome.MOVED
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_build_that_never_reports_is_cancelled_and_counts_only_through_a_retry(slipway: Harness) -> None:
    """Its deadline ends it as Errored; the retry orders a build of its own."""
    slipway.outside.builder.slow[branch("1.0.0")] = 10_000
    slipway.push_release("1.0.0")
    slipway.pump()
    slipway.tick(2 * HOUR + timedelta(minutes=1))
    errored = slipway.release("1.0.0")
    slipway.outside.builder.slow.clear()

    slipway.ask(ev.RetryRequested, version="1.0.0")

    slipway.pump()
    assert errored.phase is ReleasePhase.ERRORED
    assert "did not report in time" in errored.reason
    assert len(slipway.outside.builder.cancelled) == 1
    assert [one.outcome for one in slipway.outside.builder.results.values()][-1] is BuildOutcome.SUCCEEDED
    assert slipway.approve().outcome is Outcome.MOVED
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_rollout_that_never_settles_fails_at_its_deadline(slipway: Harness) -> None:
    """Nothing stays under way for ever."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.slow["delivery", "production", "1.1.0"] = 10_000
    slipway.release_to("1.1.0")

    slipway.tick(16 * timedelta(minutes=1))

    assert slipway.release("1.1.0").phase is ReleasePhase.ROLLED_BACK
    assert slipway.running("production").version == "1.0.0"
