"""Who performs an effect follows from the identity of the environment that it is about."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.messages.queues import CONTROL, NONPROD, PRODUCTION, QUEUES, SLIPWAY, poison_of, queue_of, taker_of
from shared.domain.messages.workers import worker_of
from shared.domain.policies.policy import OnFirstFailure
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.values.records import replace
from tests.support.pilot import DELIVERY, QA, Pilot, policy
from tests.support.pilot import PRODUCTION as OPEN_TO_ALL
from tests.support.pilot_more import roll_back

HELD = frozenset({"prod-identity"})
GUARDED = replace(OPEN_TO_ALL, identity="prod-identity")
ACTS = get_args(ef.EnvironmentEffect)


def workers(pilot: Pilot) -> set[tuple[str, str]]:
    """Which environment every effect that was ever decided is about, and who performs it."""
    found = set()
    for decision in pilot.decisions:
        for effect in decision.effects:
            about = where(pilot, effect.number) if isinstance(effect, ACTS) else ""
            found.add((about, worker_of(effect, decision.state, HELD)))
    return found


def where(pilot: Pilot, number: int) -> str:
    """The environment of a promotion."""
    releases = (*pilot.state.releases.values(), *pilot.archive.values())
    return next(one.environment for release in releases for one in release.promotions if one.number == number)


def configured(pilot: Pilot, *environments: Any) -> None:
    """Put another configuration in force."""
    pilot.tell(ev.PolicyChanged(**pilot.ids(), policy=policy(*environments, digest="e" * 64)))


def test_what_acts_on_production_is_for_its_worker_and_all_else_is_not() -> None:
    """From the build to the way back of a rollout that failed."""
    pilot = Pilot(policy(QA, GUARDED)).release_to("1.0.0")
    pilot.world.unhealthy = {pilot.state.numbers.promotion + 2}
    pilot.release_to("1.1.0")

    assert pilot.promotion("1.1.0", "production").kind is PromotionKind.ROLLBACK
    assert workers(pilot) == {("", CONTROL), ("", NONPROD), ("qa", NONPROD), ("production", PRODUCTION)}


def test_without_identities_whatever_acts_is_for_one_worker() -> None:
    """As on one machine; control tells people."""
    assert {worker for _, worker in workers(Pilot().release_to("1.0.0"))} == {CONTROL, NONPROD}


@pytest.mark.parametrize(
    ("kind", "taker"), [("inspect-push", CONTROL), ("notify", CONTROL), ("ask-approval", CONTROL), ("build", NONPROD)]
)
def test_control_reads_pushes_and_speaks_with_people(kind: str, taker: str) -> None:
    """What needs no identity of an environment, and what nobody else's code runs beside."""
    assert taker_of(kind) == taker


def test_an_identity_that_is_not_productions_is_the_other_workers() -> None:
    """It may hold many."""
    pilot = Pilot(policy(replace(QA, identity="qa-identity"), GUARDED)).release_to("1.0.0")

    assert workers(pilot) == {("", CONTROL), ("", NONPROD), ("qa", NONPROD), ("production", PRODUCTION)}


def test_a_promotion_under_way_stays_with_the_worker_of_its_plan() -> None:
    """One that waits goes by the configuration in force."""
    pilot = Pilot(policy(QA, GUARDED)).release_to("1.0.0", approve=False)
    configured(pilot, QA, OPEN_TO_ALL)
    waits = ef.GatherFacts(service=DELIVERY, number=pilot.promotion("1.0.0", "production").number, asked=2)
    before = worker_of(waits, pilot.state, HELD)
    configured(pilot, QA, GUARDED)
    pilot.perform(ef.GatherFacts)
    pilot.answer()
    configured(pilot, QA, OPEN_TO_ALL)
    [retag] = [one for one in pilot.open if isinstance(one, ef.Retag)]

    assert pilot.promotion("1.0.0", "production").phase is Phase.RETAGGING
    assert (before, worker_of(retag, pilot.state, HELD)) == (NONPROD, PRODUCTION)


def test_a_rollback_out_of_an_environment_that_left_goes_by_the_plan_of_what_it_undoes() -> None:
    """Its facts are gathered before it has a policy of its own."""
    pilot = Pilot(policy(QA, GUARDED)).release_to("1.0.0").release_to("1.1.0")
    configured(pilot, QA)
    roll_back(pilot)
    [asked] = [one for one in pilot.open if isinstance(one, ef.GatherFacts)]

    assert worker_of(asked, pilot.state, HELD) == PRODUCTION


def test_a_removal_goes_by_the_plan_of_a_release_that_has_ended() -> None:
    """The decision that asks for it ends it."""
    pilot = Pilot(policy(QA, replace(GUARDED, on_first_failure=OnFirstFailure.UNINSTALL)))
    pilot.world.unhealthy = {2}
    pilot.release_to("1.0.0")
    [(effect, state)] = [
        (one, decision.state) for decision in pilot.decisions for one in decision.effects if isinstance(one, ef.Remove)
    ]

    assert state.releases == {}
    assert worker_of(effect, state, HELD) == PRODUCTION


@pytest.mark.parametrize("environments", [(QA, GUARDED), (QA,)])
def test_what_is_about_no_promotion_is_not_productions(environments: tuple[Any, ...]) -> None:
    """Nobody waits for it there."""
    state = replace(Pilot(policy(*environments)).state, ended={"a release that is not there": None})

    assert worker_of(ef.Deploy(service=DELIVERY, number=7, attempt=1), state, HELD) == NONPROD


def test_a_promotion_whose_environment_left_is_not_productions() -> None:
    """Nothing is known of whose it was."""
    pilot = Pilot(policy(QA, GUARDED)).release_to("1.0.0", approve=False)
    asked = ef.GatherFacts(service=DELIVERY, number=pilot.promotion("1.0.0", "production").number, asked=1)
    state = replace(pilot.state, policy=None)

    assert worker_of(asked, state, HELD) == NONPROD


def test_production_has_queues_of_its_own_for_its_kinds_of_act_and_for_nothing_else() -> None:
    """Its worker takes from no other, and nobody else from its."""
    kinds = {effect.kind for effect in get_args(ef.ServiceEffect) if effect in ACTS}
    own = [queue for queue in QUEUES.values() if queue.worker == PRODUCTION]

    assert sorted(kind for queue in own for kind in queue.kinds) == sorted(kinds)
    assert {queue_of(kind, PRODUCTION) for kind in kinds} == {queue.name for queue in own}
    assert not {queue_of(kind) for kind in kinds} & {queue.name for queue in own}


def test_a_kind_lies_in_one_queue_of_each_worker_and_names_fit() -> None:
    """With `-poison` in 63 characters, as storage takes them; each begins as the tick looks for them."""
    kinds = [(kind, queue.worker == PRODUCTION) for queue in QUEUES.values() for kind in queue.kinds]

    assert len(kinds) == len(set(kinds))
    assert [name for name, queue in QUEUES.items() if name != queue.name or not name.startswith(SLIPWAY)] == []
    assert max(len(poison_of(name)) for name in QUEUES) <= 63


@pytest.mark.parametrize(
    ("waiting", "others"),
    [
        ("cancel", {"build", "retag", "deploy"}),
        ("observe-rollout", {"build", "retag", "deploy"}),
        ("gather-facts", {"build", "retag", "deploy"}),
        ("ask-approval", {"build", "retag", "deploy", "inspect-push", "gather-facts"}),
        ("deploy", {"build", "gather-facts", "observe-rollout", "notify"}),
        ("events", {"inspect-push", "build", "notify"}),
    ],
)
def test_what_is_soon_done_waits_behind_nothing_that_takes_long(waiting: str, others: set[str]) -> None:
    """And no deployment behind those who look again and again."""
    assert not others & set(QUEUES[queue_of(waiting)].kinds)


def test_a_deployment_to_production_waits_behind_nothing_else() -> None:
    """It may be a rollback; a copy may take minutes."""
    assert QUEUES[queue_of("deploy", PRODUCTION)].kinds == ("deploy",)


def test_there_are_few_queues() -> None:
    """Each is looked at for ever, by an app of its own instances: see docs/operations.md before one is added."""
    assert len(QUEUES) <= 11
