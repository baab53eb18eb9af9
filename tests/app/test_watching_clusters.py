"""What a watched cluster adds: looks that last, digests that run, evidence that is kept, and deadlines that say why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.domain.messages.effects import ObserveRollout
from shared.domain.rollouts.images import Ran
from shared.domain.values.names import Digest
from shared.ports.errors import Permanent, Transient
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_looks import all_but, do, the
from tests.support.app_parts import SECOND, Harness

QA = ("delivery", "qa", "1.0.0")
OTHER = Digest(f"sha256:{'7' * 64}")


@pytest.fixture
def effect(slipway: Harness) -> ObserveRollout:
    """Release up to the rollout in QA; no message of it is left but this one."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("observe-rollout"))
    assert len(slipway.receive("observe-rollout")) == 1
    return the(slipway, ObserveRollout)


def ran(slipway: Harness, found: Digest | None = None, *, image: str | None = None) -> Ran:
    """What a container of QA runs: what was deployed, or another digest."""
    named = slipway.outside.environments.applied["qa/delivery"][-1].image if image is None else image
    digest = found.text if found else named.partition("@")[2]
    return Ran(object="Deployment/delivery", container="app", image=named, image_id=f"x@{digest}")


def shows(slipway: Harness, *images: Ran, evidence: Callable[[], bytes] = bytes, waited: bool = True) -> None:
    """Have the watcher of QA show this, whatever its verdict."""
    slipway.outside.environments.shows[QA] = {"ran": images, "evidence": evidence, "waited": waited}


def test_looks_that_last_follow_each_other_at_once_and_then_pause(slipway: Harness, effect: ObserveRollout) -> None:
    """Nothing is remembered between them: how long it has lasted says it."""
    slipway.outside.environments.slow[QA] = 99
    shows(slipway)
    pauses = []
    for _ in range(6):
        slipway.outside.clock.advance(timedelta(seconds=10))  # that long the look takes
        do(slipway, effect)
        paused = 0
        while not slipway.receive("observe-rollout"):
            slipway.outside.clock.advance(SECOND)
            paused += 1
        pauses.append(paused)

    assert pauses == [0, 0, 5, 15, 30, 30]


def test_what_runs_by_the_digest_that_was_deployed_succeeds(slipway: Harness, effect: ObserveRollout) -> None:
    """The node says so of each container that the manifests name."""
    shows(slipway, ran(slipway))
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Succeeded"


def test_attack_another_image_runs_under_the_name_of_what_was_deployed(
    slipway: Harness, effect: ObserveRollout
) -> None:
    """A webhook that swaps images, or a node whose cache was written to: what is applied looks right."""
    shows(slipway, ran(slipway), ran(slipway, OTHER))
    do(slipway, effect)

    promotion = slipway.promotion("1.0.0", "qa")
    assert promotion.phase == "Failed"
    assert promotion.reason.startswith(f"qa is healthy but Deployment/delivery, container app runs x@{OTHER} and not ")


def test_an_index_is_matched_to_the_manifest_of_a_platform(slipway: Harness, effect: ObserveRollout) -> None:
    """Some nodes report the one, some the other; the registry says that they belong together."""
    index = Digest(ran(slipway).image.partition("@")[2])
    slipway.outside.registry.platforms[index] = (OTHER,)
    shows(slipway, ran(slipway, OTHER))
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Succeeded"


@pytest.mark.parametrize("image", ["evil.example/proxy:1@sha256:" + "3" * 64, "localhost:5000/gone@sha256:" + "3" * 64])
def test_what_our_registry_does_not_know_is_no_platform_of_anything(
    slipway: Harness, effect: ObserveRollout, image: str
) -> None:
    """Attack: a chart names a host that would say yes. It is not asked."""
    shows(slipway, ran(slipway, OTHER, image=image))
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Failed"


def test_what_somebody_added_is_listed_and_not_judged(slipway: Harness, effect: ObserveRollout) -> None:
    """A sidecar that a mesh injects is no fault of the release."""
    shows(slipway, ran(slipway), ran(slipway, OTHER, image=""))
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Succeeded"
    notes = [note for entry in slipway.timeline() for note in entry.notes]
    assert any(note.endswith(f"run Deployment/delivery, container app: x@{OTHER}") for note in notes)


def test_evidence_of_a_failed_rollout_is_kept(slipway: Harness, effect: ObserveRollout) -> None:
    """It is asked for once, and only then."""
    asked: list[bytes] = []

    def evidence() -> bytes:
        asked.append(b"panic: no database\n")
        return asked[-1]

    shows(slipway, evidence=evidence)
    slipway.outside.environments.health[QA] = RolloutState.DEGRADED
    slipway.outside.environments.slow[QA] = 1
    do(slipway, effect)
    do(slipway, effect)

    assert slipway.app.evidence.get(slipway.promotion("1.0.0", "qa").evidence) == b"panic: no database\n"
    assert len(asked) == 1


@pytest.mark.parametrize("error", [Transient("no answer"), Permanent("forbidden")])
def test_a_verdict_stands_without_evidence(slipway: Harness, effect: ObserveRollout, error: Exception) -> None:
    """A cluster that has just said why it fails may be out of reach a moment later."""

    def evidence() -> bytes:
        raise error

    shows(slipway, evidence=evidence)
    slipway.outside.environments.health[QA] = RolloutState.DEGRADED
    do(slipway, effect)

    promotion = slipway.promotion("1.0.0", "qa")
    assert (promotion.phase, promotion.reason, promotion.evidence) == ("Failed", "0 of 1 replicas are ready", "")


@pytest.mark.parametrize("waited", [True, False])
def test_the_deadline_says_what_stood_in_the_way(slipway: Harness, effect: ObserveRollout, waited: bool) -> None:
    """The last look is planned to end just before it; the minute tick would only know that time is over."""
    slipway.outside.environments.slow[QA] = 10_000
    shows(slipway, evidence=lambda: b"no node\n", waited=waited)
    deadline = slipway.promotion("1.0.0", "qa").deadline
    assert deadline is not None
    while slipway.promotion("1.0.0", "qa").phase == "Verifying":
        do(slipway, effect)
        while slipway.promotion("1.0.0", "qa").phase == "Verifying" and not slipway.receive("observe-rollout"):
            slipway.outside.clock.advance(SECOND)
        slipway.outside.clock.advance(timedelta(seconds=10) if waited else timedelta(0))

    promotion = slipway.promotion("1.0.0", "qa")
    assert promotion.reason == "the rollout was not healthy in time: 0 of 1 replicas are ready"
    assert slipway.app.evidence.get(promotion.evidence) == b"no node\n"
    assert timedelta(0) <= deadline - promotion.since <= timedelta(seconds=5)


def test_what_a_late_client_wrote_is_mended_and_looked_at_again(slipway: Harness, effect: ObserveRollout) -> None:
    """Before it counts as a success: what was ready then was something else."""
    slipway.outside.environments.late["qa/delivery"] = ("Deployment/delivery",)
    shows(slipway, ran(slipway))
    do(slipway, effect)
    mended = slipway.promotion("1.0.0", "qa").phase
    assert len(slipway.receive("observe-rollout")) == 1
    do(slipway, effect)

    assert (mended, slipway.promotion("1.0.0", "qa").phase) == ("Verifying", "Succeeded")


def test_how_a_rollout_failed_is_noted_beside_its_revision(slipway: Harness, effect: ObserveRollout) -> None:
    """For whoever looks with Helm's own tools; what somebody wrote over is not touched."""
    revision = slipway.promotion("1.0.0", "qa").revision
    slipway.outside.environments.health[QA] = RolloutState.DEGRADED
    do(slipway, effect)

    assert slipway.outside.environments.notes == {revision: "Slipway: the rollout failed: 0 of 1 replicas are ready"}


def test_nothing_is_noted_of_what_was_written_over(slipway: Harness, effect: ObserveRollout) -> None:
    """The newest revision is another's."""
    slipway.outside.environments.by_hand("qa", "delivery", "busybox")
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Failed"
    assert slipway.outside.environments.notes == {}


def test_a_verdict_stands_without_a_note(slipway: Harness, effect: ObserveRollout) -> None:
    """The record may be written by somebody else at that moment."""
    slipway.outside.troubles.add("applier.note", Transient("409"))
    slipway.outside.environments.health[QA] = RolloutState.DEGRADED
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Failed"
