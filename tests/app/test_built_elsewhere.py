"""Builds by a builder that is not ours: what the version's tags name is what was built."""

from __future__ import annotations

from shared.domain.messages.effects import Build
from shared.domain.state.build import BuildOutcome, BuildResult
from shared.domain.values.names import Digest
from tests.support.app_looks import all_but, do, the
from tests.support.app_parts import Harness, branch
from tests.support.parts import chart_of, image_and_chart

REF = branch("1.0.0")
OTHER = Digest("sha256:" + "f" * 64)


def ordered(slipway: Harness) -> Build:
    """Push a release and go on until its build is asked for."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    return the(slipway, Build)


def test_a_build_that_names_no_digests_is_what_the_versions_tags_name(slipway: Harness) -> None:
    """A builder elsewhere pushes in its own way; both tags present is what counts, and nobody puts them again."""
    slipway.outside.builder.tagging.add(REF)
    do(slipway, ordered(slipway))
    release, registry = slipway.release("1.0.0"), slipway.outside.registry

    assert release.phase == "Packaged"
    assert release.artifact is not None
    assert release.artifact.image.digest == registry.tagged["delivery", "v1.0.0"]
    assert chart_of(release.artifact).digest == registry.tagged["charts/delivery", "1.0.0"]
    assert "registry.tag" not in slipway.outside.troubles.calls


def test_a_build_elsewhere_that_claims_another_image_than_the_tag_names_fails(slipway: Harness) -> None:
    """Attack: the tag was moved between push and report; what people would approve was never built."""
    slipway.outside.builder.tagging.add(REF)
    slipway.outside.builder.claims[REF] = OTHER
    do(slipway, ordered(slipway))
    release = slipway.release("1.0.0")

    assert release.phase == "Failed"
    assert release.artifact is None
    assert f"but the build pushed {OTHER}; push a higher version" in release.reason


def test_a_build_elsewhere_that_claims_another_chart_than_the_tag_names_fails(slipway: Harness) -> None:
    """The chart decides as much as the image what runs."""
    slipway.outside.builder.tagging.add(REF)
    slipway.outside.builder.outcomes[REF] = BuildResult(
        outcome=BuildOutcome.SUCCEEDED, reason="", parts=image_and_chart(None, OTHER)
    )
    do(slipway, ordered(slipway))

    assert slipway.release("1.0.0").phase == "Failed"
    assert "the registry's chart of v1.0.0 is" in slipway.release("1.0.0").reason


def test_a_build_elsewhere_that_pushed_half_is_no_artifact(slipway: Harness) -> None:
    """It says it succeeded; one tag names nothing."""
    slipway.outside.builder.tagging.add(REF)
    effect = ordered(slipway)
    slipway.outside.troubles.before["registry.read"] = lambda: slipway.outside.registry.lose("delivery")
    do(slipway, effect)

    assert slipway.release("1.0.0").phase == "Errored"
    assert "does not hold image delivery of v1.0.0" in slipway.release("1.0.0").reason
