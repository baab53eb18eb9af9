"""Environments are a graph: what comes after what, what goes on side by side, what is skipped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.deciding.advance import PENDING_EXPIRY, Unsettled, advance
from shared.domain.drafts.draft import Draft
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.estate import EVERYTHING, Estate, Hold
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.state.progress import Progress, progress
from shared.domain.state.promotion import Presence
from shared.domain.state.release import ServiceState
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from tests.support.pilot import NOON, OPERATOR, PRODUCTION, QA, Pilot, environment, policy

STAGING = environment("staging")
SANDBOX = environment("sandbox", after=("qa",))
CANARY = environment("canary", after=("staging",))
LAST = environment("last", after=("sandbox", "canary"))


def started(*environments: Any, **changes: Any) -> Pilot:
    pilot = Pilot(policy(*environments, **changes))
    pilot.push_release("1.0.0")
    return pilot.perform(ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts)


def phases(pilot: Pilot, version: str = "1.0.0") -> dict[str, str]:
    return {one.environment: str(one.phase) for one in pilot.release(version).promotions}


def ask(pilot: Pilot, kind: Any, **fields: Any) -> None:
    pilot.tell(kind(**pilot.ids(), person=OPERATOR, **fields))


def test_siblings_are_deployed_at_the_same_time() -> None:
    """Neither waits for the other."""
    pilot = started(QA, STAGING)

    assert phases(pilot) == {"qa": "Deploying", "staging": "Deploying"}


def test_what_comes_after_waits_until_all_before_have_succeeded() -> None:
    """And says which ones are missing."""
    pilot = started(QA, STAGING, environment("last", after=("qa", "staging")))
    assert pilot.promotion("1.0.0", "last").reason == "comes after qa, staging"

    pilot.tell(ev.ArtifactDeployed(**pilot.ids(), effect="x", number=1, attempt=1, revision="r"))
    pilot.tell(ev.RolloutObserved(**pilot.ids(), effect="x", number=1, attempt=1, healthy=True, reason=""))

    assert pilot.promotion("1.0.0", "last").reason == "comes after staging"
    assert pilot.perform().release("1.0.0").phase is ReleasePhase.RELEASED


def test_staging_fails_and_qa_goes_on() -> None:
    """What comes after staging is Skipped, through the whole graph; the rest goes on."""
    pilot = Pilot(policy(QA, STAGING, SANDBOX, CANARY, LAST))
    pilot.world.unhealthy = {2}

    pilot.release_to("1.0.0", approve=False)

    assert phases(pilot) == {
        "qa": "Succeeded",
        "staging": "Failed",
        "sandbox": "Succeeded",
        "canary": "Skipped",
        "last": "Skipped",
    }
    assert pilot.promotion("1.0.0", "canary").reason == "v1.0.0 did not succeed in staging"
    assert pilot.release("1.0.0").phase is ReleasePhase.FAILED


def test_an_environment_that_was_added_meanwhile_gets_its_promotion_with_a_retry() -> None:
    """It comes after what is retried, and was never tried itself."""
    pilot = started(QA, STAGING)
    for number in (1, 2):
        said: dict[str, Any] = {"effect": f"shipping~delivery:{number}:deploy:1", "number": number, "attempt": 1}
        pilot.tell(ev.EffectFailed(**pilot.ids(), **said, reason="no", ours=True, changed=False))
    after = environment("last", after=("qa", "staging"))
    pilot.tell(ev.PolicyChanged(**pilot.ids(), policy=policy(QA, STAGING, after, digest="e" * 64)))

    ask(pilot, ev.RetryRequested, version="1.0.0")

    assert pilot.promotion("1.0.0", "last").reason == "comes after qa, staging"


def test_what_never_gets_its_turn_expires() -> None:
    """A promotion does not wait for ever for an environment that never saw the release."""
    pilot = started(QA, environment("last", after=("qa",)))
    pilot.tell(
        ev.PolicyChanged(
            **pilot.ids(), policy=policy(QA, STAGING, environment("last", after=("qa", "staging")), digest="e" * 64)
        )
    )
    pilot.perform()
    assert pilot.promotion("1.0.0", "last").reason == "comes after staging"

    pilot.pass_time(PENDING_EXPIRY)

    last = pilot.promotion("1.0.0", "last")
    assert (last.phase, last.reason) == (Phase.EXPIRED, "qa, staging did not succeed in time")


def test_a_waiting_promotion_steps_back_when_something_new_comes_before_it() -> None:
    """Its request is withdrawn, saying what it comes after now."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    after = environment("production", after=("qa", "staging"), approval=PRODUCTION.approval)

    pilot.tell(ev.PolicyChanged(**pilot.ids(), policy=policy(QA, STAGING, after, digest="e" * 64)))

    production = pilot.promotion("1.0.0", "production")
    assert (production.phase, production.approval) == (Phase.PENDING, None)
    assert production.reason == "comes after staging"
    (closed,) = (one for one in pilot.sent if isinstance(one, ef.CloseApproval))
    assert closed.reason == "Pending: comes after staging"


def test_a_rollback_before_it_withdraws_a_request() -> None:
    """The first environment that has to be promoted again is named, the next one after it."""
    pilot = Pilot(policy(QA, STAGING, environment("last", after=("qa", "staging"), approval=PRODUCTION.approval)))
    pilot.release_to("1.0.0").release_to("1.1.0", approve=False)
    for name in ("staging", "qa"):
        ask(pilot, ev.RollbackRequested, environment=name, reason="bad", to="")
    pilot.perform()

    last = pilot.promotion("1.1.0", "last")
    assert (last.phase, last.reason) == (Phase.PENDING, "qa was rolled back; promote it there again")


def test_a_redeploy_before_it_does_not_withdraw_a_request() -> None:
    """The version has succeeded there and was not rolled back since."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    request = pilot.request()

    ask(pilot, ev.RedeployRequested, environment="qa", version="")
    pilot.perform(ef.GatherFacts, ef.Deploy)
    assert phases(pilot)["qa"] == "Verifying"

    assert pilot.request() == request
    assert progress(pilot.release("1.0.0"), "qa") is Progress.REACHED


def test_a_redeploy_does_not_ask_how_the_version_stands_elsewhere() -> None:
    """What is live stays live, also where qa went back."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    ask(pilot, ev.RollbackRequested, environment="qa", reason="bad", to="")
    pilot.perform()
    ask(pilot, ev.ArtifactHoldLifted, hold=pilot.state.holds[0].id, reason="fine in production")

    ask(pilot, ev.RedeployRequested, environment="production", version="")
    pilot.perform()

    redeploy = pilot.promotion("1.1.0", "production")
    assert (redeploy.kind, redeploy.phase) == (PromotionKind.REDEPLOY, Phase.SUCCEEDED)


def test_a_rollback_that_could_not_start_withdraws_nothing() -> None:
    """What people asked for and cannot be had leaves the environment as it was."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0", approve=False)
    pilot.world.presence = Presence.GONE

    ask(pilot, ev.RollbackRequested, environment="qa", reason="bad", to="")
    pilot.perform(ef.GatherFacts)

    assert pilot.promotion("1.1.0", "qa").phase is Phase.ROLLBACK_FAILED
    assert progress(pilot.release("1.1.0"), "qa") is Progress.REACHED
    assert pilot.promotion("1.1.0", "production").phase is Phase.WAITING


def test_an_environment_that_never_saw_the_release_is_still_to_come() -> None:
    """It is not taken for one that failed."""
    assert progress(Pilot().release_to("1.0.0").release("1.0.0"), "moon") is Progress.UNDER_WAY


def test_of_several_that_may_start_the_one_with_the_lower_number_does() -> None:
    """However the releases lie in the store."""
    pilot = Pilot(policy(QA))
    pilot.estate = Estate(holds=(Hold(id="h", scope=EVERYTHING, reason="x", person=OPERATOR, since=NOON),))
    for version in ("1.0.0", "1.1.0"):
        pilot.release_to(version, approve=False)
    pilot.state = replace(pilot.state, releases=dict(reversed(list(pilot.state.releases.items()))))

    pilot.estate = Estate()
    pilot.tell(ev.TimePassed(**pilot.ids()))

    assert pilot.promotion("1.0.0", "qa").phase is Phase.DEPLOYING
    assert pilot.promotion("1.1.0", "qa").reason == "promotion 1 is being deployed to qa"


def test_rules_that_chase_each_other_are_stopped() -> None:
    """A decision ends, or says that it is a defect."""

    class Restless(Draft):
        """Finds something to move each time it is asked."""

        @property
        def moves(self) -> int:
            """One more each time."""
            self.asked = getattr(self, "asked", 0) + 1
            return self.asked

        @moves.setter
        def moves(self, value: int) -> None:
            """It has its own idea."""

    draft = Restless(ServiceState(service=ServiceKey("shipping", "delivery")), Estate(), NOON)

    with pytest.raises(Unsettled, match="shipping~delivery does not settle after 100 rounds"):
        advance(draft)


def test_pending_expiry_is_counted_from_the_beginning() -> None:
    """Looking again does not put it off."""
    pilot = started(QA, environment("last", after=("qa",)))
    first = pilot.promotion("1.0.0", "last").deadline

    pilot.pass_time(timedelta(minutes=5))

    assert pilot.promotion("1.0.0", "last").deadline == first == NOON + PENDING_EXPIRY
