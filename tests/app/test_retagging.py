"""Copying into production's namespace: what was approved, by digest, and only while it is wanted."""

from __future__ import annotations

import pytest

from shared.app.operating.operate import add_hold
from shared.domain.messages import events as ev
from shared.domain.messages.effects import Retag
from shared.domain.values.names import Digest
from tests.support.app_looks import all_but, do, open_effects, the
from tests.support.app_parts import SECOND, Harness
from tests.support.outside import SAM
from tests.support.parts import chart_of

OTHER = Digest("sha256:" + "f" * 64)


def approved(slipway: Harness, version: str = "1.0.0", *, until: str) -> None:
    """Release up to an effect in production that is asked for and not performed."""
    slipway.release_to(version, approve=False)
    slipway.answer()
    slipway.pump(*all_but(until))


def held(slipway: Harness, scope: str) -> None:
    """Add a hold that no decision has seen yet: holds live in another partition."""
    add_hold(slipway.app, slipway.caller("holds", person=SAM), scope=scope, reason="fire", until=None)


def put_off(slipway: Harness, kind: str) -> bool:
    """Whether a message of the kind waits for a second, and not less."""
    early = slipway.receive(kind)
    slipway.outside.clock.advance(SECOND)
    return early == [] and len(slipway.receive(kind)) == 1


def take_away(slipway: Harness, kind: str) -> None:
    """Lease the message that was sent, so that only another one is seen."""
    assert slipway.receive(kind)


def test_image_and_chart_are_copied_by_digest(slipway: Harness) -> None:
    """Under the namespace that production reads, with the tags they had."""
    approved(slipway, until="retag")
    do(slipway, the(slipway, Retag))
    artifact, tagged = slipway.release("1.0.0").artifact, slipway.outside.registry.tagged
    assert artifact is not None

    assert tagged["prod/delivery", "v1.0.0"] == artifact.image.digest
    assert tagged["prod/charts/delivery", "1.0.0"] == chart_of(artifact).digest
    assert slipway.promotion("1.0.0", "production").phase == "Deploying"


def test_an_image_whose_tag_was_moved_is_still_copied_by_what_was_approved(slipway: Harness) -> None:
    """Attack: the tag is moved between the approval and the copy."""
    approved(slipway, until="retag")
    registry = slipway.outside.registry
    good = registry.tagged["delivery", "v1.0.0"]
    registry.tagged["delivery", "v1.0.0"] = OTHER
    do(slipway, the(slipway, Retag))

    assert registry.tagged["prod/delivery", "v1.0.0"] == good


def test_a_tag_in_production_that_holds_something_else_is_never_overwritten(slipway: Harness) -> None:
    """Attack: somebody put an image there beforehand; the release fails and nothing is deployed."""
    approved(slipway, until="retag")
    slipway.outside.registry.tagged["prod/delivery", "v1.0.0"] = OTHER
    do(slipway, the(slipway, Retag))
    slipway.pump()

    assert slipway.promotion("1.0.0", "production").phase == "Failed"
    assert str(OTHER) in slipway.promotion("1.0.0", "production").reason
    assert slipway.outside.registry.tagged["prod/delivery", "v1.0.0"] == OTHER
    assert slipway.outside.environments.live("production", "delivery") is None


def test_copying_twice_is_harmless(slipway: Harness) -> None:
    """The second report does not count."""
    approved(slipway, until="retag")
    effect = the(slipway, Retag)
    do(slipway, effect)
    copies, entries = list(slipway.outside.registry.copies), slipway.timeline()
    do(slipway, effect)

    assert slipway.outside.registry.copies == copies
    assert slipway.timeline() == entries


def test_a_copy_that_was_there_is_reported_too(slipway: Harness) -> None:
    """A worker died between copying and reporting."""
    approved(slipway, until="retag")
    artifact = slipway.release("1.0.0").artifact
    assert artifact is not None
    for repository, digest, tag in (
        ("delivery", artifact.image.digest, "v1.0.0"),
        ("charts/delivery", chart_of(artifact).digest, "1.0.0"),
    ):
        slipway.outside.registry.copy("localhost:5000", repository, f"prod/{repository}", digest, tag)
    do(slipway, the(slipway, Retag))

    assert slipway.promotion("1.0.0", "production").retagged


def test_nothing_is_copied_for_a_promotion_that_was_aborted(slipway: Harness) -> None:
    """It was read again just before."""
    approved(slipway, until="retag")
    effect = the(slipway, Retag)
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="wrong branch")
    do(slipway, effect)

    assert slipway.outside.registry.copies == []
    assert effect not in open_effects(slipway)


@pytest.mark.parametrize("scope", ["everything", "environment:production", "service:shipping/delivery"])
def test_nothing_is_copied_under_a_hold_that_the_decision_did_not_see(slipway: Harness, scope: str) -> None:
    """It is looked at again in a while."""
    approved(slipway, until="retag")
    held(slipway, scope)
    take_away(slipway, "retag")
    do(slipway, the(slipway, Retag))

    assert slipway.outside.registry.copies == []
    assert put_off(slipway, "retag")


def test_a_hold_of_another_environment_keeps_nothing_from_this_one(slipway: Harness) -> None:
    """Its scope is its scope."""
    approved(slipway, until="retag")
    held(slipway, "environment:qa")
    do(slipway, the(slipway, Retag))

    assert slipway.promotion("1.0.0", "production").retagged
