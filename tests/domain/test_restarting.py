"""Restart: what is live deployed again, and its pods started anew."""

from __future__ import annotations

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import effects as ef
from shared.domain.policies.policy import HelmTarget
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.values.records import replace
from tests.support.pilot import PRODUCTION, QA, Pilot, policy
from tests.support.pilot_more import codes, hold, redeploy

HELM = HelmTarget(cluster="prod")


def on_a_cluster() -> Pilot:
    """Versions 1.0.0 and 1.1.0, production on a cluster."""
    return Pilot(policy(QA, replace(PRODUCTION, deploy=HELM))).release_to("1.0.0").release_to("1.1.0")


def test_pods_are_started_anew_without_approval() -> None:
    """It is watched as any rollout is."""
    pilot = on_a_cluster()
    asked = len(pilot.effects(ef.AskApproval))

    redeploy(pilot, restart=True)
    pilot.perform()

    promotion = pilot.promotion("1.1.0", "production")
    assert (promotion.kind, promotion.phase, promotion.restart) == (PromotionKind.REDEPLOY, Phase.SUCCEEDED, True)
    assert promotion.cause == "restarted by Olga Operator"
    assert len(pilot.effects(ef.AskApproval)) == asked


def test_a_redeployment_alone_starts_nothing_anew() -> None:
    """Nobody asked for it."""
    pilot = on_a_cluster()

    redeploy(pilot)

    assert not pilot.promotion("1.1.0", "production").restart


def test_a_hold_keeps_pods_as_they_are() -> None:
    """It is no rollback."""
    pilot = on_a_cluster()
    hold(pilot)

    redeploy(pilot, restart=True)
    pilot.perform()

    assert codes(pilot, "1.1.0") == ["Held"]


def test_where_an_operator_applies_what_is_committed_nothing_is_restarted() -> None:
    """Refused with what to do instead."""
    decision = redeploy(on_a_cluster(), environment="qa", restart=True)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "no-restart")
    assert decision.reason == (
        "restart: qa is deployed through a repository, whose operator starts no pod anew;"
        " restart them in the cluster, or change the manifests"
    )


def test_only_what_is_live_is_restarted() -> None:
    """To go back is another thing to ask for."""
    decision = redeploy(on_a_cluster(), "1.0.0", restart=True)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "restart-not-live")
    assert decision.reason.startswith("restart: 1.1.0 is live in production, and nothing else is restarted")
