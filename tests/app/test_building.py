"""Builds: ordered while they are waited for, and believed only as far as the registry confirms them."""

from __future__ import annotations

import pytest

from shared.app.handling.handle_event import handle
from shared.domain.messages import events as ev
from shared.domain.messages.effects import Build, CancelBuild
from shared.domain.policies.setting import Setting
from shared.domain.state.build import (
    PACKAGE,
    VALIDATE_BRANCH,
    VALIDATE_PULL_REQUEST,
    BuildOutcome,
    BuildResult,
    WouldBlock,
)
from shared.domain.values.names import Digest
from shared.domain.values.placeholders import PLACEHOLDERS
from shared.ports.errors import Permanent
from tests.support.app_looks import all_but, do, latest, open_effects, queued, the
from tests.support.app_parts import DELIVERY, SECOND, Harness, branch
from tests.support.outside import MAIN, SHIPPING, SLIPWAY_YAML
from tests.support.parts import PARTS, chart_of

FEATURE = "refs/heads/feature/delivery/x"
CODE = "src/shipping/delivery/app.py"
REF = branch("1.0.0")
OTHER = Digest("sha256:" + "f" * 64)


def ordered(slipway: Harness) -> Build:
    """Push a release and go on until its build is asked for."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    return the(slipway, Build)


def test_a_release_is_built_with_every_step_and_where_to_push(slipway: Harness) -> None:
    """By the policy of the default branch."""
    effect = ordered(slipway)
    do(slipway, effect)
    order = slipway.outside.builder.orders[-1]

    assert order.id == effect.id
    assert order.steps == PACKAGE
    assert (order.commit, order.ref, order.version) == (slipway.release("1.0.0").commit, REF, "1.0.0")
    assert (order.path, order.chart) == ("src/shipping/delivery", "charts/delivery")
    assert (order.test, order.test_target) == ("python -m unittest", "testrunner")
    assert (order.registry, order.parts) == ("localhost:5000", PARTS)


def test_a_branch_is_validated_and_pushes_nothing(slipway: Harness) -> None:
    """It has no version to push."""
    slipway.push(FEATURE, {CODE: b"1"})
    slipway.pump()
    order = slipway.outside.builder.orders[-1]

    assert order.steps == VALIDATE_BRANCH
    assert (order.ref, order.version) == (FEATURE, None)
    assert slipway.statuses(order.commit)["slipway/delivery"].state == "succeeded"


def test_a_build_knows_how_each_environment_would_have_the_chart(slipway: Harness) -> None:
    """Every placeholder has a value, with stand-ins for what is not known yet."""
    slipway.push(FEATURE, {CODE: b"1"})
    slipway.pump()
    qa, production = slipway.outside.builder.orders[-1].environments

    assert (qa.place.environment, qa.place.namespace, qa.place.release_name) == ("qa", "backend-qa", "delivery")
    assert dict(production.placeholders).keys() == set(PLACEHOLDERS)
    assert dict(production.placeholders)["image"] == "localhost:5000/prod/delivery"
    assert dict(production.placeholders)["tag"] == "v0.0.0-check"
    assert ("image.repository", Setting("{image}")) in production.set
    assert production.values == ("charts/{service}/values-production.yaml",)


def test_what_an_environment_lets_through_is_not_told_of(slipway: Harness) -> None:
    """With `comply: allow` nothing there would block."""
    text = SLIPWAY_YAML.replace("gates: {scan: high,", "gates: {comply: allow, scan: high,")
    slipway.push(MAIN, {"slipway.yaml": text.encode()})
    slipway.pump()
    told = tuple(WouldBlock(environment=name, reason="x") for name in ("qa", "production"))
    slipway.outside.builder.outcomes[FEATURE] = BuildResult(outcome=BuildOutcome.SUCCEEDED, reason="", would_block=told)
    commit = slipway.push(FEATURE, {CODE: b"1"})
    slipway.pump()

    assert slipway.statuses(commit)["slipway/delivery"].description.endswith(" succeeded; qa would block: x")


def test_a_pull_request_is_validated_with_its_image(slipway: Harness) -> None:
    """Built and scanned, and not pushed."""
    commit = slipway.outside.commit("refs/pull/7/merge", {CODE: b"1"})
    change = ev.ChangeFound(
        id="pr", service=DELIVERY, ref="refs/pull/7/merge", commit=commit, number=1, pull_request="7"
    )
    handle(slipway.app, change)
    slipway.pump()
    order = slipway.outside.builder.orders[-1]

    assert order.steps == VALIDATE_PULL_REQUEST
    assert order.version is None


def test_the_report_of_a_build_is_named_by_its_effect(slipway: Harness) -> None:
    """Only the first one counts; the effect is done with it."""
    effect = ordered(slipway)
    do(slipway, effect)

    assert f"{effect.id}:done" in [one.event_id for one in slipway.timeline()]
    assert effect not in open_effects(slipway)


def test_digests_that_a_build_names_are_looked_for_and_recorded(slipway: Harness) -> None:
    """No tag names them yet."""
    do(slipway, ordered(slipway))
    release, registry = slipway.release("1.0.0"), slipway.outside.registry

    assert release.phase == "Packaging"
    assert release.artifact is not None
    assert release.artifact.image.digest in registry.manifests["delivery"]
    assert chart_of(release.artifact).digest in registry.manifests["charts/delivery"]
    assert registry.tagged == {}


@pytest.mark.parametrize(("repository", "what"), [("delivery", "image"), ("charts/delivery", "chart")])
def test_a_build_that_names_what_the_registry_does_not_hold_is_no_artifact(
    slipway: Harness, repository: str, what: str
) -> None:
    """It says it succeeded; the registry knows of nothing."""
    effect = ordered(slipway)
    slipway.outside.troubles.before["registry.read"] = lambda: slipway.outside.registry.lose(repository)
    do(slipway, effect)

    assert (slipway.release("1.0.0").phase, slipway.release("1.0.0").artifact) == ("Errored", None)
    assert f"the build pushed {what} sha256:" in slipway.release("1.0.0").reason
    assert "but the registry does not hold it; retry the release" in slipway.release("1.0.0").reason


def test_a_failed_build_is_not_read_back(slipway: Harness) -> None:
    """There is nothing that it would have to hold to."""
    slipway.outside.builder.outcomes[REF] = BuildResult(outcome=BuildOutcome.FAILED, reason="2 tests failed")
    effect = ordered(slipway)
    reads = slipway.outside.troubles.calls.count("registry.read")
    do(slipway, effect)

    assert slipway.outside.troubles.calls.count("registry.read") == reads
    assert slipway.release("1.0.0").phase == "Failed"
    assert slipway.release("1.0.0").reason == "2 tests failed"


def test_a_validation_is_not_read_back(slipway: Harness) -> None:
    """It pushed nothing."""
    reads = slipway.outside.troubles.calls.count("registry.read")
    slipway.push(FEATURE, {CODE: b"1"})
    slipway.pump()

    assert slipway.outside.troubles.calls.count("registry.read") == reads


def test_a_build_under_way_is_looked_at_again(slipway: Harness) -> None:
    """When the builder said; that is no try that failed, and no entry."""
    effect = ordered(slipway)
    slipway.outside.builder.slow[REF] = 1
    slipway.receiver.delete(slipway.receive("build")[0])
    entries = slipway.timeline()
    do(slipway, effect, tries=2)
    early = slipway.receive("build")
    slipway.outside.clock.advance(SECOND)

    assert slipway.timeline() == entries
    assert early == []
    assert len(slipway.receive("build")) == 1


def test_a_build_that_nobody_waits_for_is_not_started(slipway: Harness) -> None:
    """The release was aborted before its turn came."""
    effect = ordered(slipway)
    orders = len(slipway.outside.builder.orders)
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="wrong branch")
    do(slipway, effect)

    assert len(slipway.outside.builder.orders) == orders


def test_a_build_of_an_older_attempt_is_not_started(slipway: Harness) -> None:
    """Every attempt has a number, only the current one counts."""
    effect = ordered(slipway)
    orders = len(slipway.outside.builder.orders)
    do(slipway, Build(service=DELIVERY, number=effect.number, attempt=effect.attempt + 1))
    do(slipway, Build(service=DELIVERY, number=99, attempt=1))

    assert len(slipway.outside.builder.orders) == orders
    assert slipway.release("1.0.0").phase == "Packaging"


def test_a_validation_is_found_among_others(slipway: Harness) -> None:
    """Two branches are validated at once, each by its own number."""
    slipway.push(FEATURE, {CODE: b"1"})
    slipway.push(f"{FEATURE}2", {CODE: b"2"})
    slipway.pump(*all_but("build"))
    second = max((one for one in open_effects(slipway) if isinstance(one, Build)), key=lambda one: one.number)
    do(slipway, second)

    assert slipway.outside.builder.orders[-1].ref == f"{FEATURE}2"


def test_a_build_of_a_service_that_left_is_not_started(slipway: Harness) -> None:
    """Its policy is gone, and nobody says any more how to build it."""
    effect = ordered(slipway)
    orders = len(slipway.outside.builder.orders)
    handle(slipway.app, ev.ServiceRemoved(id="gone", service=DELIVERY))
    do(slipway, effect)

    assert len(slipway.outside.builder.orders) == orders


def test_a_cancelled_build_is_stopped_by_its_orders_name(slipway: Harness) -> None:
    """A newer commit takes its place."""
    first = ordered(slipway)
    slipway.outside.commit(REF, {CODE: b"newer"})
    slipway.tell_push(REF)
    slipway.pump(*all_but("build", "cancel"))
    effect = the(slipway, CancelBuild)
    do(slipway, effect)

    assert slipway.outside.builder.cancelled == {first.id}
    assert effect not in open_effects(slipway)


def test_a_builder_that_refuses_the_change_fails_the_release(slipway: Harness) -> None:
    """Its words are the reason."""
    effect = ordered(slipway)
    slipway.outside.troubles.add("builder.build", Permanent("Dockerfile:3: unknown instruction"))
    do(slipway, effect)

    assert slipway.release("1.0.0").phase == "Failed"
    assert slipway.release("1.0.0").reason == "Dockerfile:3: unknown instruction"


def test_a_builder_that_is_not_set_up_is_no_fault_of_the_release(slipway: Harness) -> None:
    """Errored asks those who run Slipway, Failed asks the team."""
    effect = ordered(slipway)
    slipway.outside.troubles.add("builder.build", Permanent("python is not installed", ours=True))
    do(slipway, effect)

    assert slipway.release("1.0.0").phase == "Errored"
    assert latest(slipway).event_type == "build-reported"


def test_a_build_follows_the_policy_in_force_and_not_the_branchs(slipway: Harness) -> None:
    """Attack: a release branch that names another test command, one that always passes."""
    easy = SLIPWAY_YAML.replace("python -m unittest", "true")
    slipway.outside.commit(REF, {"slipway.yaml": easy.encode()})
    slipway.tell_push(REF)
    slipway.pump()

    assert slipway.outside.source.refs(SHIPPING)[MAIN] != slipway.outside.builder.orders[-1].commit
    assert slipway.outside.builder.orders[-1].test == "python -m unittest"
    assert queued(slipway, "build") == 0
