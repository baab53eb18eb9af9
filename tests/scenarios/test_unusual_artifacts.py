"""What the unusual cases do to artifacts: tags that move, copies that vanish, environments changed by hand."""

from __future__ import annotations

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase, ReleasePhase
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import Harness, branch
from tests.support.outside_registry import digest_of

HOST = "localhost:5000"
OTHER = digest_of(b"something else")


def announce(slipway: Harness, repository: str, tag: str) -> None:
    """Report a pushed tag as the registry's hook does."""
    digest = slipway.outside.registry.tagged[repository, tag]
    slipway.send(ev.TagPushed(id=slipway.app.new_id(), registry=HOST, repository=repository, tag=tag, digest=digest))


def test_the_digests_of_a_release_are_those_that_the_registry_holds(slipway: Harness) -> None:
    """Read back after the build, and never taken from its word."""
    slipway.outside.builder.claims[branch("1.0.0")] = OTHER

    release = slipway.release_to("1.0.0", approve=False)

    assert (release.phase, release.artifact) == (ReleasePhase.ERRORED, None)
    assert f"the build pushed image {OTHER}, but the registry does not hold it" in release.reason
    assert slipway.outside.registry.tagged == {}


def test_a_release_built_elsewhere_is_what_its_tags_name(slipway: Harness) -> None:
    """Both present is what counts; a claim that differs from them is the release's fault."""
    slipway.outside.builder.tagging |= {branch("1.0.0"), branch("1.1.0")}
    slipway.outside.builder.claims[branch("1.1.0")] = OTHER

    good, bad = (slipway.release_to(version, approve=False) for version in ("1.0.0", "1.1.0"))

    assert good.phase is ReleasePhase.PACKAGED
    assert bad.phase is ReleasePhase.FAILED
    assert f"the build pushed {OTHER}" in bad.reason


def test_a_registry_that_lost_the_push_before_it_was_read_ends_in_errored(slipway: Harness) -> None:
    """A success that cannot be seen is none."""
    slipway.outside.builder.slow[branch("1.0.0")] = 1
    slipway.push_release("1.0.0")
    slipway.pump("events", "inspect-push", "gather-facts", "notify")
    built = slipway.outside.builder.build

    def build_and_lose(order: object, handle: object) -> object:
        result = built(order, handle)  # type: ignore[arg-type]
        slipway.outside.registry.lose("charts/delivery")
        return result

    slipway.outside.builder.build = build_and_lose  # type: ignore[method-assign,assignment]

    release = slipway.pump().release("1.0.0")

    assert release.phase is ReleasePhase.ERRORED
    assert "the build pushed chart sha256:" in release.reason


def test_a_version_that_exists_in_the_registry_is_refused(slipway: Harness) -> None:
    """Somebody pushed it by hand; the author is told to take a higher one."""
    slipway.outside.registry.put("delivery", "v1.0.0", b"by hand")

    release = slipway.release_to("1.0.0", approve=False)

    assert release.phase is ReleasePhase.FAILED
    assert "push a higher version" in slipway.statuses(release.commit)["slipway/delivery/v1.0.0"].description
    assert slipway.outside.builder.orders == []


def test_retagging_onto_a_taken_tag_is_refused_and_nothing_is_deployed(slipway: Harness) -> None:
    """Tags are never overwritten, whoever put them there."""
    slipway.outside.registry.put("prod/delivery", "v1.0.0", b"by hand")

    release = slipway.release_to("1.0.0")

    assert release.phase is ReleasePhase.FAILED
    assert "tags are not overwritten" in release.reason
    assert slipway.outside.registry.tagged["prod/delivery", "v1.0.0"] == digest_of(b"by hand")
    assert slipway.outside.environments.live("production", "delivery") is None
    assert slipway.environment("production").slot is None


def test_a_tag_that_names_another_image_after_packaging_quarantines_the_release(slipway: Harness) -> None:
    """The hint is read back; people may say yes, it goes no further."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.registry.tagged["delivery", "v1.0.0"] = OTHER
    announce(slipway, "delivery", "v1.0.0")
    slipway.pump()

    slipway.approve()

    waiting = slipway.promotion("1.0.0", "production")
    assert slipway.release("1.0.0").quarantine
    assert waiting.phase is Phase.WAITING
    assert "push" in waiting.reason or "higher version" in waiting.reason
    assert slipway.outside.environments.live("production", "delivery") is None


def test_a_quarantined_version_may_still_be_the_way_back(slipway: Harness) -> None:
    """Rollback is by digest."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0")
    slipway.outside.registry.tagged["delivery", "v1.0.0"] = OTHER
    announce(slipway, "delivery", "v1.0.0")
    slipway.pump()

    slipway.ask(ev.RollbackRequested, environment="production", reason="it is slow", to="")

    slipway.pump()
    assert slipway.release("1.0.0").quarantine
    assert slipway.live("production") == "1.0.0"


def test_our_own_pushes_and_copies_announce_nothing_new(slipway: Harness) -> None:
    """Image, chart and the copies under prod/ are known already."""
    slipway.release_to("1.0.0")
    before = slipway.release("1.0.0")

    announce(slipway, "delivery", "v1.0.0")
    announce(slipway, "charts/delivery", "1.0.0")
    announce(slipway, "prod/delivery", "v1.0.0")

    slipway.pump()
    assert slipway.release("1.0.0") == before


def test_a_rollback_target_that_was_cleaned_up_is_copied_again(slipway: Harness) -> None:
    """From the unprefixed repository, by digest."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0")
    slipway.outside.registry.lose_tag("prod/delivery", "v1.0.0")

    slipway.ask(ev.RollbackRequested, environment="production", reason="it is slow", to="")

    slipway.pump()
    assert slipway.live("production") == "1.0.0"
    assert slipway.outside.registry.tags("", "prod/delivery") == ["v1.0.0", "v1.1.0"]


def test_a_rollback_target_that_is_gone_gives_way_to_the_next_older_good_one(slipway: Harness) -> None:
    """What can be had is better than nothing."""
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        slipway.release_to(version)
    slipway.outside.registry.lose_tag("prod/delivery", "v1.1.0")
    slipway.outside.registry.lose_tag("delivery", "v1.1.0")

    slipway.ask(ev.RollbackRequested, environment="production", reason="it is slow", to="")

    slipway.pump()
    assert slipway.live("production") == "1.0.0"


def test_a_rollback_with_nothing_to_go_back_to_keeps_the_slot_and_calls_people(slipway: Harness) -> None:
    """What is live is unknown until somebody says so."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    slipway.release_to("1.1.0", approve=False)
    slipway.answer()
    slipway.pump("gather-facts", "retag")
    slipway.outside.registry.lose_tag("prod/delivery", "v1.0.0")
    slipway.outside.registry.lose_tag("delivery", "v1.0.0")
    slipway.pump()
    failed = slipway.promotion("1.1.0", "production")
    environment = slipway.environment("production")

    slipway.ask(ev.LiveAdopted, environment="production", version="1.0.0", reason="it runs, I looked")

    assert failed.phase is Phase.ROLLBACK_FAILED
    assert environment.slot is not None
    assert environment.unknown
    assert slipway.environment("production").slot is None
    assert slipway.live("production") == "1.0.0"


def test_nothing_goes_forward_without_a_way_back(slipway: Harness) -> None:
    """The live version is gone from the registry: first that, then the new one."""
    slipway.release_to("1.0.0")
    slipway.outside.registry.lose_tag("prod/delivery", "v1.0.0")
    slipway.outside.registry.lose_tag("delivery", "v1.0.0")

    slipway.release_to("1.1.0", approve=False)

    assert "there is no way back" in slipway.promotion("1.1.0", "qa").reason
    assert slipway.running("qa").version == "1.0.0"


def test_an_environment_changed_by_hand_is_unknown_until_it_is_adopted(slipway: Harness) -> None:
    """Nothing is deployed over what somebody did there."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.by_hand("qa", "delivery", "debug:latest")
    slipway.release_to("1.1.0", approve=False)
    blocked = slipway.promotion("1.1.0", "qa")

    slipway.ask(ev.LiveAdopted, environment="qa", version="1.0.0", reason="it was my test")

    slipway.pump()
    assert blocked.phase is Phase.WAITING
    assert "changed by hand" in blocked.reason
    assert slipway.live("qa") == "1.1.0"


def test_an_environment_that_does_not_run_what_was_deployed_is_not_healthy(slipway: Harness) -> None:
    """Healthy counts for our image only: somebody was faster."""
    slipway.release_to("1.0.0")
    slipway.outside.troubles.before["watcher.observe"] = lambda: slipway.outside.environments.by_hand(
        "qa", "delivery", "debug:latest"
    )

    slipway.release_to("1.1.0", approve=False)

    assert slipway.release("1.1.0").phase is ReleasePhase.ROLLED_BACK
    assert slipway.running("qa").version == "1.0.0"


def test_manifests_that_do_not_pin_the_image_are_named_and_block(slipway: Harness) -> None:
    """Object and field are said; an override of a named person lets this version past."""
    slipway.outside.charts.unpinned.add("1.0.0")
    slipway.release_to("1.0.0", approve=False)
    blocked = slipway.promotion("1.0.0", "qa")

    refused = slipway.ask(ev.OverrideGranted, environment="qa", version="1.0.0", gate="slot", reason="please")

    assert "Deployment/delivery: spec.template.spec.containers[0].image" in blocked.reason
    assert refused.outcome is Outcome.REFUSED


def test_a_chart_that_does_not_render_blocks_with_file_and_line(slipway: Harness) -> None:
    """It is the release's fault, and nothing is deployed."""
    slipway.outside.charts.broken.add("1.0.0")

    slipway.release_to("1.0.0", approve=False)

    assert "templates/deployment.yaml:3" in slipway.promotion("1.0.0", "qa").reason
    assert slipway.outside.environments.live("qa", "delivery") is None


def test_a_version_older_than_what_is_live_does_not_reach_production(slipway: Harness) -> None:
    """Where the environment asks for it; QA takes it."""
    slipway.release_to("1.1.0")

    slipway.release_to("1.0.0", approve=False)

    waiting = slipway.promotion("1.0.0", "production")
    assert slipway.promotion("1.0.0", "qa").phase is Phase.SUCCEEDED
    assert (waiting.phase, "runs 1.1.0; this deploys the older 1.0.0" in waiting.reason) == (Phase.WAITING, True)
