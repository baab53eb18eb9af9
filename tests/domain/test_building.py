"""What a packaging build's result means."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.build import BuildOutcome, WouldBlock
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.values.artifact import PartName
from shared.domain.values.records import replace
from tests.support.parts import PARTS, chart_of
from tests.support.pilot import Pilot, digest, good_result, policy


def built(**result: Any) -> Pilot:
    pilot = Pilot()
    pilot.world.build = lambda effect: good_result("1", **result)
    pilot.push_release("1.0.0", "a" * 40)
    return pilot.perform(ef.ReadTags, ef.Build, ef.Tag)


def last_status(pilot: Pilot) -> tuple[str, str]:
    found = [one for one in pilot.said if one.context == "slipway/delivery/v1.0.0"]
    return found[-1].state, found[-1].description


def test_a_packaged_version_says_which_environment_would_keep_it_out() -> None:
    """On its commit, long before its gates are asked."""
    pilot = built(would_block=(WouldBlock(environment="production", reason="Job/x: has no digest"),))

    assert last_status(pilot)[1].endswith("; production would block: Job/x: has no digest")


def test_a_packaged_release_is_an_artifact_of_image_chart_and_commit() -> None:
    """Pinned by digest, in the unprefixed repositories of the policy."""
    artifact = built().release("1.0.0").artifact

    assert artifact is not None
    assert (artifact.image.digest, chart_of(artifact).digest) == (digest("image 1"), digest("chart 1"))
    assert (artifact.registry, artifact.image.repository) == ("localhost:5000", "delivery")
    assert (chart_of(artifact).repository, artifact.commit) == ("charts/delivery", "a" * 40)


def test_packaging_gives_every_environment_its_promotion() -> None:
    """What comes first waits at once, what comes later is pending."""
    pilot = built()

    release = pilot.release("1.0.0")
    assert release.phase is ReleasePhase.PACKAGED
    assert [(one.environment, one.number, one.phase) for one in release.promotions] == [
        ("qa", 1, Phase.WAITING),
        ("production", 2, Phase.PENDING),
    ]
    assert last_status(pilot) == ("succeeded", f"v1.0.0 is packaged as {digest('image 1').short}")


@pytest.mark.parametrize(
    ("outcome", "phase", "state"),
    [
        (BuildOutcome.FAILED, ReleasePhase.FAILED, "failed"),
        (BuildOutcome.ERRORED, ReleasePhase.ERRORED, "error"),
        (BuildOutcome.CANCELLED, ReleasePhase.ABORTED, "error"),
    ],
)
def test_a_build_without_success_ends_the_release_with_whose_fault_it_is(
    outcome: BuildOutcome, phase: ReleasePhase, state: str
) -> None:
    """The build's reason is the release's."""
    pilot = built(outcome=outcome, reason="out of disk")

    assert (pilot.release("1.0.0").phase, pilot.release("1.0.0").reason) == (phase, "out of disk")
    assert last_status(pilot) == (state, "out of disk")


def test_a_build_that_gives_no_reason_gets_one() -> None:
    """No release ends without a word."""
    assert built(outcome=BuildOutcome.FAILED, reason="").release("1.0.0").reason == "the build was failed"


@pytest.mark.parametrize("missing", PARTS)
def test_a_success_without_all_digests_in_the_registry_is_our_error(missing: PartName) -> None:
    """A build's word alone packages nothing."""
    pilot = built(parts=tuple(part for part in good_result("1").parts if part.name != missing))

    release = pilot.release("1.0.0")
    assert (release.phase, release.artifact) == (ReleasePhase.ERRORED, None)
    assert release.reason == (
        f"the build succeeded, but the registry does not hold {missing} of v1.0.0; retry the release"
    )


def test_a_result_counts_for_its_own_attempt_only() -> None:
    """Another attempt of the same build is recorded only."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags)

    decision = pilot.tell(ev.BuildReported(**pilot.ids(), effect="x", number=1, attempt=2, result=good_result("1")))

    assert decision.code == "replaced"
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGING


def test_releases_and_validations_count_their_builds_together() -> None:
    """A build's number names it within the service."""
    pilot = Pilot()
    pilot.push("refs/heads/main")
    pilot.push_release("1.0.0")
    pilot.push_release("1.1.0")
    pilot.perform(ef.ReadTags)

    pilot.tell(ev.BuildReported(**pilot.ids(), effect="x", number=3, attempt=1, result=good_result("3")))
    pilot.perform(ef.Tag)

    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGING
    assert pilot.release("1.1.0").phase is ReleasePhase.PACKAGED


def test_a_service_without_environments_is_released_when_it_is_packaged() -> None:
    """There is nowhere else to go."""
    pilot = Pilot(replace(policy(), environments=()))

    pilot.release_to("1.0.0", approve=False)

    assert pilot.release("1.0.0").phase is ReleasePhase.RELEASED
