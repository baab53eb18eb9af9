"""What the unusual cases do to promotions: people who change their minds, and two things at one instant."""

from __future__ import annotations

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.ports.errors import Transient
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import DELIVERY, Harness
from tests.support.outside import MAIN, SAM, SLIPWAY_YAML

STAGING = """\
  staging:
    namespace: backend-staging
    set: {image.repository: "{image}", image.tag: "{tag}@{digest}", reason: "{reason}"}
    deploy: {gitops: {repository: environments.git, path: "{environment}/{service}"}}
"""
WITH_STAGING = SLIPWAY_YAML.replace("  production:\n    after: [qa]", STAGING + "  production:\n    after: [qa]")
AFTER_STAGING = WITH_STAGING.replace("after: [qa]", "after: [staging]")
TWO_VOTES = SLIPWAY_YAML.replace("minimum: 1", "minimum: 2")


def put_in_force(slipway: Harness, text: str) -> None:
    """Push a slipway.yaml to the default branch."""
    slipway.push(MAIN, {"slipway.yaml": text.encode()})
    slipway.pump()


def test_a_sibling_that_fails_does_not_stop_what_does_not_come_after_it(slipway: Harness) -> None:
    """Staging fails, QA and what follows QA go on."""
    put_in_force(slipway, WITH_STAGING)
    slipway.outside.environments.health["delivery", "staging", "1.0.0"] = RolloutState.DEGRADED

    slipway.release_to("1.0.0")

    assert slipway.promotion("1.0.0", "staging").phase is Phase.FAILED
    assert slipway.promotion("1.0.0", "production").phase is Phase.SUCCEEDED


def test_what_comes_after_an_environment_that_failed_is_skipped(slipway: Harness) -> None:
    """And says after what."""
    put_in_force(slipway, AFTER_STAGING)
    slipway.outside.environments.health["delivery", "staging", "1.0.0"] = RolloutState.DEGRADED

    slipway.release_to("1.0.0", approve=False)

    skipped = slipway.promotion("1.0.0", "production")
    assert slipway.promotion("1.0.0", "qa").phase is Phase.SUCCEEDED
    assert (skipped.phase, skipped.reason) == (Phase.SKIPPED, "v1.0.0 did not succeed in staging")


def test_a_rollback_in_qa_withdraws_the_question_for_production(slipway: Harness) -> None:
    """`after` means succeeded there and not rolled back since."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0", approve=False)
    asked = slipway.request()

    slipway.ask(ev.RollbackRequested, environment="qa", reason="it is slow", to="")

    slipway.pump()
    waiting = slipway.promotion("1.1.0", "production")
    assert (waiting.phase, waiting.approval) == (Phase.PENDING, None)
    assert asked in slipway.outside.people.closed
    assert slipway.live("qa") == "1.0.0"
    assert slipway.ask(ev.ApprovalAnswered, request=asked, groups=(), approve=True).outcome is Outcome.REFUSED


def test_the_answer_that_comes_after_the_supersede_is_told_why(slipway: Harness) -> None:
    """Whichever commits first wins; the other hears the true reason."""
    slipway.release_to("1.0.0", approve=False)
    old = slipway.request()
    slipway.release_to("1.0.1", approve=False)

    late = slipway.ask(ev.ApprovalAnswered, request=old, groups=(), approve=True)

    assert late.outcome is Outcome.REFUSED
    assert slipway.release("1.0.0").phase is ReleasePhase.SUPERSEDED
    assert slipway.outside.environments.live("production", "delivery") is None


def test_a_newer_version_does_not_supersede_one_that_has_the_slot(slipway: Harness) -> None:
    """What was approved and has begun is finished."""
    slipway.outside.environments.slow["delivery", "production", "1.0.0"] = 300
    slipway.release_to("1.0.0")

    slipway.release_to("1.0.1", approve=False)

    assert slipway.promotion("1.0.0", "production").phase is Phase.VERIFYING
    slipway.outside.environments.slow.clear()
    slipway.pump()
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_vote_that_is_still_valid_stays_when_the_rule_changes(slipway: Harness) -> None:
    """One yes is in, the rule then asks for two: the question is put anew, and one more yes is enough."""
    both = TWO_VOTES.replace('"group:release-managers"', '"sam@example.com"')
    put_in_force(slipway, both)
    slipway.release_to("1.0.0", approve=False)
    slipway.approve()
    old = slipway.request()

    put_in_force(slipway, both.replace("minimum: 2", "minimum: 2, comment: false, expires: 3d"))

    assert slipway.request() != old
    assert slipway.ask(ev.ApprovalAnswered, request=old, groups=(), approve=True).outcome is Outcome.REFUSED
    slipway.approve(SAM)
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_the_same_person_counts_once(slipway: Harness) -> None:
    """Two clicks of one person are one vote."""
    put_in_force(slipway, TWO_VOTES)
    slipway.release_to("1.0.0", approve=False)
    slipway.approve()

    again = slipway.approve()

    assert again.outcome is Outcome.IGNORED
    assert slipway.promotion("1.0.0", "production").phase is Phase.WAITING


def test_an_abort_while_retagging_leaves_the_tag_and_the_environment(slipway: Harness) -> None:
    """Nothing was deployed, so nothing is rolled back."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.troubles.before["registry.copy"] = lambda: abort(slipway, "1.0.0")

    slipway.approve()

    assert slipway.release("1.0.0").phase is ReleasePhase.ABORTED
    assert slipway.outside.registry.tags("", "prod/delivery") == ["v1.0.0"]
    assert slipway.outside.environments.live("production", "delivery") is None
    assert slipway.environment("production").slot is None


def abort(slipway: Harness, version: str) -> None:
    """Have Rita abort a version, in the middle of what goes on."""
    slipway.ask(ev.AbortRequested, version=version, reason="stop")


def test_an_abort_while_verifying_rolls_back_without_a_hold(slipway: Harness) -> None:
    """It was a person's wish, not the artifact's fault."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.slow["delivery", "production", "1.1.0"] = 10_000
    slipway.release_to("1.1.0")

    abort(slipway, "1.1.0")

    slipway.pump()
    assert slipway.live("production") == "1.0.0"
    assert slipway.running("production").version == "1.0.0"
    assert slipway.state().holds == ()
    assert slipway.promotion("1.1.0", "production").kind is PromotionKind.ROLLBACK


def test_redeploying_what_is_live_needs_no_approval(slipway: Harness) -> None:
    """The same manifests under a new promotion."""
    slipway.release_to("1.0.0")
    before = slipway.running("production")

    slipway.ask(ev.RedeployRequested, environment="production", version="")

    slipway.pump()
    after = slipway.running("production")
    assert slipway.promotion("1.0.0", "production").kind is PromotionKind.REDEPLOY
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED
    assert (after.manifests, after.number) == (before.manifests, 3)


def test_redeploying_what_never_succeeded_is_refused_and_an_older_good_one_is_a_rollback(slipway: Harness) -> None:
    """Two words that sound alike are kept apart."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0")
    slipway.release_to("1.2.0", approve=False)

    refused = slipway.ask(ev.RedeployRequested, environment="production", version="1.2.0")
    slipway.ask(ev.RedeployRequested, environment="production", version="1.0.0")

    slipway.pump()
    assert (refused.outcome, refused.code) == (Outcome.REFUSED, "never-succeeded")
    assert slipway.promotion("1.1.0", "production").phase is Phase.ROLLED_BACK
    assert slipway.live("production") == "1.0.0"


def test_promoting_after_a_no_asks_people_again(slipway: Harness) -> None:
    """A new promotion, a new approval."""
    slipway.release_to("1.0.0", approve=False)
    first = slipway.request()
    slipway.answer(approve=False)
    slipway.pump()

    slipway.ask(ev.PromoteRequested, version="1.0.0", environment="production")

    slipway.pump()
    assert slipway.request() != first
    slipway.approve()
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_report_of_an_attempt_that_was_replaced_is_recorded_only(slipway: Harness) -> None:
    """After a retry the first attempt's late word moves nothing."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.troubles.add("registry.copy", *(Transient("registry: 503") for _ in range(3)))
    slipway.approve()
    number = slipway.promotion("1.0.0", "production").number
    slipway.ask(ev.RetryRequested, version="1.0.0")
    late = f"{DELIVERY}:{number}:retag:1"
    before = slipway.promotion("1.0.0", "production")

    slipway.send(ev.ArtifactRetagged(id=f"{late}:late", service=DELIVERY, effect=late, number=number, attempt=1))

    slipway.pump("events")
    assert slipway.promotion("1.0.0", "production") == before
    assert slipway.timeline()[-1].outcome is Outcome.IGNORED


def test_a_first_deployment_that_fails_is_taken_out_where_the_environment_says_so(slipway: Harness) -> None:
    """`on_first_failure: uninstall`."""
    put_in_force(slipway, SLIPWAY_YAML.replace("  qa:\n", "  qa:\n    on_first_failure: uninstall\n"))
    slipway.outside.environments.health["delivery", "qa", "1.0.0"] = RolloutState.DEGRADED

    slipway.release_to("1.0.0", approve=False)

    assert slipway.outside.environments.live("qa", "delivery") is None
    assert slipway.release("1.0.0").phase is ReleasePhase.FAILED
    assert slipway.waiting() == 0


def test_a_rollback_asked_for_while_a_version_is_verified_undoes_it(slipway: Harness) -> None:
    """People need not wait for the rollout's deadline."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.slow["delivery", "production", "1.1.0"] = 10_000
    slipway.release_to("1.1.0")

    slipway.ask(ev.RollbackRequested, environment="production", reason="customers call", to="")

    slipway.pump()
    assert slipway.running("production").version == "1.0.0"
    assert slipway.live("production") == "1.0.0"


def test_a_lifted_hold_on_a_bad_artifact_lets_it_be_promoted_again(slipway: Harness) -> None:
    """A person says why; the cluster was at fault."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    slipway.release_to("1.1.0")
    slipway.outside.environments.health.clear()
    slipway.ask(ev.PromoteRequested, version="1.1.0", environment="production")
    slipway.pump()
    held = slipway.promotion("1.1.0", "production")

    slipway.ask(ev.ArtifactHoldLifted, hold=slipway.state().holds[0].id, reason="a node was full")

    slipway.pump()
    slipway.approve()
    assert (held.phase, "was rolled back" in held.reason) == (Phase.WAITING, True)
    assert slipway.live("production") == "1.1.0"
