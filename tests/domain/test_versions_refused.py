"""Release branches that lead to no release: the reason reaches the commit."""

from __future__ import annotations

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import events as ev
from shared.domain.state.phases import ReleasePhase
from shared.domain.values.version import Version
from tests.support.parts import PARTS
from tests.support.pilot import DELIVERY, Pilot, digest


def shown(decision: Decision) -> list[tuple[str, str]]:
    return [(one.state, one.description) for one in decision.statuses]


@pytest.mark.parametrize("tag", ["1.0.0", "v1.0", "v1.0.0+build.5", "vnext", "v01.0.0", ""])
def test_a_branch_without_a_strict_version_is_refused(tag: str) -> None:
    """Build metadata too, which no tag can hold; the commit says what to do."""
    decision = Pilot().push(f"refs/heads/release/delivery/{tag}", "a" * 40)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "bad-version")
    assert shown(decision) == [("failed", decision.reason)]
    assert decision.reason.endswith("rename the branch")


def test_a_service_that_slipway_does_not_know_is_refused() -> None:
    """The commit says where to add it."""
    pilot = Pilot()
    pilot.tell(ev.ServiceRemoved(**pilot.ids()))

    decision = pilot.push_release("1.0.0")

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "unknown-service")
    assert shown(decision) == [
        (
            "failed",
            "no service delivery in slipway.yaml of the default branch; add it there, then push a new commit, or delete the branch and push it again",
        )
    ]


def test_a_packaged_version_is_refused_naming_its_digest() -> None:
    """Another commit needs a higher version."""
    pilot = Pilot().release_to("1.0.0")

    decision = pilot.push_release("1.0.0", "e" * 40)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "already-packaged")
    assert str(digest("image 1")) in decision.reason
    assert shown(decision) == [("failed", decision.reason)]
    assert pilot.release("1.0.0").commit == "b" * 40


def test_the_commit_that_was_packaged_is_no_news() -> None:
    """The same push again is recorded only."""
    pilot = Pilot().release_to("1.0.0")

    decision = pilot.push_release("1.0.0")

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "known")


@pytest.mark.parametrize("what", ["image", "chart"])
def test_a_version_that_the_registry_holds_already_is_refused_naming_the_digest(what: str) -> None:
    """Whoever pushed it: a version is packaged once."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    parts = tuple(name.at(Version.parse("1.0.0"), digest(what)) for name in PARTS if name.kind == what)

    decision = pilot.tell(ev.TagsRead(**pilot.ids(), effect="x", version="1.0.0", parts=parts))

    release = pilot.release("1.0.0")
    assert release.phase is ReleasePhase.FAILED
    assert release.reason == f"v1.0.0 exists in the registry ({what} {digest(what)}); push a higher version"
    assert ("failed", release.reason) in shown(decision)


def test_a_request_that_names_no_version_is_refused() -> None:
    """Also where it did not come from a branch."""
    pilot = Pilot()

    decision = pilot.tell(ev.TagsRead(id="x", service=DELIVERY, effect="x", version="latest", parts=()))

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "bad-version")
