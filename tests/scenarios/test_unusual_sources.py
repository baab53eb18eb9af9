"""What the unusual cases do to pushes and configuration: branches that move, vanish or name nobody."""

from __future__ import annotations

from datetime import timedelta

from shared.app.hook_events.configuration import configuration
from shared.domain.drafts.decision import Outcome
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.values.names import ServiceKey
from shared.ports.errors import Transient
from shared.ports.statuses import CommitState
from tests.support.app_parts import DELIVERY, PACKAGE, Harness, branch
from tests.support.outside import MAIN, SHIPPING, SLIPWAY_YAML

FEATURE = "refs/heads/feature/delivery/maps"
BROKEN = SLIPWAY_YAML.replace("queueing:", "queueing_up:")
WITHOUT_DELIVERY = SLIPWAY_YAML[: SLIPWAY_YAML.index("  delivery:")] + SLIPWAY_YAML[SLIPWAY_YAML.index("  package:") :]
WITHOUT_PRODUCTION = (
    SLIPWAY_YAML[: SLIPWAY_YAML.index("  production:")] + SLIPWAY_YAML[SLIPWAY_YAML.index("queueing:") :]
)


def change(number: int, service: str = "delivery") -> dict[str, bytes | None]:
    """A change of a service's folder."""
    return {f"src/shipping/{service}/app.py": f"print({number})\n".encode()}


def test_a_feature_branch_is_validated_for_the_service_that_it_touches(slipway: Harness) -> None:
    """One build, for delivery, with the tests alone."""
    commit = slipway.push(FEATURE, change(1))

    slipway.pump()

    assert [(one.service, one.version) for one in slipway.outside.builder.orders] == [("delivery", None)]
    assert slipway.statuses(commit)["slipway/delivery"].state is CommitState.SUCCEEDED


def test_pushes_that_arrive_while_a_validation_runs_become_one_run_of_the_newest(slipway: Harness) -> None:
    """Three pushes, two builds."""
    slipway.outside.builder.slow[FEATURE] = 1
    first = slipway.push(FEATURE, change(1))
    slipway.pump("events", "inspect-push")
    slipway.push(FEATURE, change(2))
    slipway.pump("events", "inspect-push")
    last = slipway.push(FEATURE, change(3))
    slipway.pump("events", "inspect-push")

    slipway.pump()

    assert [one.commit for one in slipway.outside.builder.orders] == [first, last]


def test_a_push_of_two_services_validates_two(slipway: Harness) -> None:
    """On main, where both are looked at."""
    slipway.push(MAIN, {**change(1), **change(1, "package")})

    slipway.pump()

    assert sorted(one.service for one in slipway.outside.builder.orders) == ["delivery", "package"]


def test_a_skip_marker_does_not_stop_a_release_branch(slipway: Harness) -> None:
    """It is selected by its name alone."""
    slipway.push(FEATURE, change(1), message="Try [skip ci]")
    slipway.push(branch("1.0.0"), change(2), message="Release [skip ci]")

    slipway.pump()

    assert [one.version for one in slipway.outside.builder.orders] == ["1.0.0"]


def test_a_new_commit_while_packaging_starts_again_from_it(slipway: Harness) -> None:
    """No tag exists yet: the old build is cancelled, the new commit is what is released."""
    slipway.outside.builder.slow[branch("1.0.0")] = 10_000
    slipway.push_release("1.0.0")
    slipway.pump("events", "inspect-push", "gather-facts", "build", most=timedelta(0))
    newer = slipway.push(branch("1.0.0"), change(2))
    slipway.pump("events", "inspect-push", "gather-facts", "cancel", most=timedelta(0))
    slipway.outside.builder.slow.clear()

    slipway.pump()

    release = slipway.release("1.0.0")
    assert release.artifact is not None
    assert release.artifact.commit == newer
    assert len(slipway.outside.builder.cancelled) == 1


def test_a_new_commit_after_packaging_is_refused_naming_the_digest(slipway: Harness) -> None:
    """On the commit, where its author looks."""
    release = slipway.release_to("1.0.0", approve=False)

    late = slipway.push(branch("1.0.0"), change(2))

    slipway.pump()
    said = slipway.statuses(late)["slipway/delivery/v1.0.0"]
    assert release.artifact is not None
    assert said.state is CommitState.FAILED
    assert release.artifact.image.digest.text in said.description
    assert slipway.release("1.0.0").artifact == release.artifact


def test_a_branch_deleted_before_production_aborts_the_release(slipway: Harness) -> None:
    """The question is withdrawn."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.delete(branch("1.0.0"))
    slipway.tell_push(branch("1.0.0"))

    release = slipway.pump().release("1.0.0")

    assert (release.phase, slipway.outside.people.open) == (ReleasePhase.ABORTED, [])
    assert "the branch was deleted" in release.reason


def test_a_branch_deleted_while_packaging_cancels_the_build(slipway: Harness) -> None:
    """Nothing is pushed to the registry any more."""
    slipway.outside.builder.slow[branch("1.0.0")] = 10_000
    slipway.push_release("1.0.0")
    slipway.pump("events", "inspect-push", "gather-facts", "build", most=timedelta(0))
    slipway.outside.delete(branch("1.0.0"))
    slipway.tell_push(branch("1.0.0"))

    slipway.pump()

    assert slipway.release("1.0.0").phase is ReleasePhase.ABORTED
    assert len(slipway.outside.builder.cancelled) == 1
    assert slipway.outside.registry.tagged == {}


def test_a_branch_deleted_after_production_has_begun_is_recorded_only(slipway: Harness) -> None:
    """What has the last slot is finished."""
    slipway.outside.environments.slow["delivery", "production", "1.0.0"] = 200
    slipway.release_to("1.0.0")
    slipway.outside.delete(branch("1.0.0"))
    slipway.tell_push(branch("1.0.0"))
    slipway.pump(most=timedelta(minutes=5))

    release = slipway.release("1.0.0")

    assert (release.phase, release.branch_deleted) == (ReleasePhase.RELEASED, True)


def test_a_push_that_nobody_told_of_is_made_up_by_the_tick(slipway: Harness) -> None:
    """The host was down; tips are compared."""
    slipway.outside.commit(branch("1.0.0"), change(1))

    slipway.tick()

    assert slipway.release("1.0.0").phase is ReleasePhase.PACKAGED


def test_a_branch_deleted_while_nobody_listened_is_made_up_by_the_tick(slipway: Harness) -> None:
    """A tip that is gone is a difference too."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.delete(branch("1.0.0"))

    slipway.tick()

    assert slipway.release("1.0.0").phase is ReleasePhase.ABORTED


def test_telling_of_a_push_again_changes_nothing(slipway: Harness) -> None:
    """Under whatever id: the tip is known."""
    slipway.release_to("1.0.0", approve=False)
    before = slipway.timeline()

    slipway.tell_push(branch("1.0.0"))

    assert slipway.pump().timeline() == before


def test_a_repository_out_of_reach_keeps_the_push_until_it_is_back(slipway: Harness) -> None:
    """Transient trouble is put off, not lost."""
    slipway.outside.troubles.add("source", *(Transient("git: connection reset") for _ in range(3)))

    slipway.release_to("1.0.0", approve=False)

    assert slipway.release("1.0.0").phase is ReleasePhase.PACKAGED


def test_a_broken_configuration_keeps_the_last_good_one_in_force(slipway: Harness) -> None:
    """The fault is on the commit and in the repository's row, with line and key; releases go on."""
    commit = slipway.push(MAIN, {"slipway.yaml": BROKEN.encode()})
    slipway.release_to("1.0.0")

    found = configuration(slipway.app, SHIPPING)

    assert found is not None
    assert found.policy is not None
    assert any("queueing_up" in fault for fault in found.faults)
    assert slipway.statuses(commit)["slipway/config"].state is CommitState.FAILED
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_configuration_that_is_mended_says_so(slipway: Harness) -> None:
    """The fault does not stay on the page."""
    slipway.push(MAIN, {"slipway.yaml": BROKEN.encode()})
    slipway.pump()

    commit = slipway.push(MAIN, {"slipway.yaml": SLIPWAY_YAML.encode()})

    slipway.pump()
    found = configuration(slipway.app, SHIPPING)
    assert found is not None
    assert found.faults == ()
    assert slipway.statuses(commit)["slipway/config"].state is CommitState.SUCCEEDED


def test_a_release_branch_cannot_weaken_its_own_policy(slipway: Harness) -> None:
    """Policy comes from the default branch."""
    text = SLIPWAY_YAML.replace("    approval: {", "    approval_was: {")
    slipway.push(branch("1.0.0"), {"slipway.yaml": text.encode(), **change(1)})

    slipway.pump()

    assert slipway.promotion("1.0.0", "production").phase is Phase.WAITING
    assert slipway.request()


def test_a_service_that_leaves_the_configuration_stops_what_waits(slipway: Harness) -> None:
    """Aborted with a reason; its history and what runs stay."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0", approve=False)
    asked = slipway.request()

    slipway.push(MAIN, {"slipway.yaml": WITHOUT_DELIVERY.encode()})

    slipway.pump()
    assert slipway.release("1.1.0").phase is ReleasePhase.ABORTED
    assert "left the configuration" in slipway.release("1.1.0").reason
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED
    assert slipway.live("production") == "1.0.0"
    assert asked in slipway.outside.people.closed


def test_an_environment_that_leaves_the_configuration_lets_what_runs_there_finish(slipway: Harness) -> None:
    """It goes by the policy that it pinned."""
    slipway.outside.environments.slow["delivery", "production", "1.0.0"] = 150
    slipway.release_to("1.0.0")
    slipway.push(MAIN, {"slipway.yaml": WITHOUT_PRODUCTION.encode()})
    running = slipway.promotion("1.0.0", "production").phase

    slipway.pump(most=timedelta(minutes=5))

    assert running is Phase.VERIFYING
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_release_branch_of_an_unknown_service_is_refused_on_its_commit(slipway: Harness) -> None:
    """The pusher learns what to do; nothing is built."""
    commit = slipway.push("refs/heads/release/billing/v1.0.0", change(1))

    slipway.pump()

    said = slipway.statuses(commit)["slipway/billing/v1.0.0"]
    assert said.state is CommitState.FAILED
    assert "no service billing in slipway.yaml" in said.description
    assert slipway.timeline(ServiceKey(SHIPPING, "billing"))[-1].outcome is Outcome.REFUSED
    assert slipway.outside.builder.orders == []


def test_a_release_branch_that_names_no_service_at_all_is_refused_on_its_commit(slipway: Harness) -> None:
    """A name that cannot be one has no partition; the commit still says so."""
    commit = slipway.push("refs/heads/release/Not_A_Name/v1.0.0", change(1))

    slipway.pump()

    assert slipway.statuses(commit)["slipway/release"].state is CommitState.FAILED


def test_a_version_with_build_metadata_is_refused_on_its_commit(slipway: Harness) -> None:
    """A tag cannot hold a plus."""
    commit = slipway.push("refs/heads/release/delivery/v1.0.0+7", change(1))

    slipway.pump()

    assert slipway.statuses(commit)["slipway/delivery/v1.0.0+7"].state is CommitState.FAILED
    assert slipway.timeline(DELIVERY)[-1].detail_of("code") == "bad-version"


def test_an_undisturbed_service_is_told_nothing(slipway: Harness) -> None:
    """A change of delivery is no event of package."""
    before = slipway.timeline(PACKAGE)

    slipway.release_to("1.0.0")

    assert slipway.timeline(PACKAGE) == before
