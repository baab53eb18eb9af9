"""What the registry says of a packaged version: its tags name what was packaged, or the release stops."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.values.version import Version
from tests.support.parts import CHART, IMAGE, image_and_chart
from tests.support.pilot import OPERATOR, Pilot, digest


def waiting() -> Pilot:
    return Pilot().release_to("1.0.0", approve=False)


def read(pilot: Pilot, version: str = "1.0.0", **found: Any) -> Decision:
    return pilot.tell(
        ev.TagsRead(
            **pilot.ids(),
            effect="x",
            version=version,
            parts=image_and_chart(found.get("image"), found.get("chart"), Version.parse(version)),
        )
    )


def announce(pilot: Pilot, mark: str, *, chart: bool = False, version: str = "1.0.0") -> Decision:
    return pilot.tell(
        ev.ArtifactAnnounced(**pilot.ids(), version=version, part=CHART if chart else IMAGE, digest=digest(mark))
    )


@pytest.mark.parametrize("what", ["image", "chart"])
def test_a_tag_that_changed_its_digest_stops_the_release(what: str) -> None:
    """It is quarantined with both digests named, and the commit shows it."""
    pilot = waiting()

    found: dict[str, Any] = {what: digest("other")}

    decision = read(pilot, **found)

    release = pilot.release("1.0.0")
    expected = f"the {what} tag of v1.0.0 names {digest('other')}, but {digest(f'{what} 1')} was packaged"
    assert release.quarantine == expected
    assert [(one.state, one.description) for one in decision.statuses] == [("failed", expected)]


def test_a_quarantined_release_is_not_promoted_even_with_an_approval() -> None:
    """It waits for a higher version, saying so."""
    pilot = waiting()
    read(pilot, image=digest("other"))

    pilot.answer()
    pilot.perform()

    production = pilot.promotion("1.0.0", "production")
    assert production.phase is Phase.WAITING
    assert production.reason == f"{pilot.release('1.0.0').quarantine}; release a higher version"


def test_a_quarantined_release_can_still_be_gone_back_to() -> None:
    """A rollback deploys by digest; what a tag says is no matter."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    read(pilot, image=digest("other"))
    assert pilot.release("1.0.0").quarantine

    pilot.tell(ev.RollbackRequested(**pilot.ids(), environment="production", reason="bad", to="", person=OPERATOR))
    pilot.perform()

    live = pilot.state.environments["production"].live
    assert live is not None
    assert live.artifact.version.text == "1.0.0"


def test_a_quarantine_is_stated_once() -> None:
    """What is read later is recorded only."""
    pilot = waiting()
    read(pilot, image=digest("other"))
    reason = pilot.release("1.0.0").quarantine

    decision = read(pilot, image=digest("third"))

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "known")
    assert pilot.release("1.0.0").quarantine == reason


@pytest.mark.parametrize("found", [{}, {"image": digest("image 1")}, {"chart": digest("chart 1")}])
def test_tags_that_name_what_was_packaged_are_no_news(found: dict[str, Any]) -> None:
    """Nor is a tag that is gone: what counts is the digest."""
    decision = read(waiting(), **found)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "known")


def test_tags_of_a_version_without_release_are_recorded_only() -> None:
    """Nobody asked for them."""
    decision = read(Pilot(), "9.9.9", image=digest("other"))

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "unknown-release")


def test_tags_that_nobody_asks_for_any_more_are_recorded_only() -> None:
    """A late answer does not start packaging twice."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags)

    decision = read(pilot)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "late")
    assert len(pilot.effects(ef.Build)) == 1


def test_an_image_that_is_announced_before_its_build_reports_is_kept_as_a_fact() -> None:
    """It starts nothing by itself."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags)

    decision = announce(pilot, "image 1")

    assert (decision.outcome, decision.effects) == (Outcome.NOTED, ())
    assert pilot.release("1.0.0").early == image_and_chart(digest("image 1"), None)


def test_an_early_image_that_the_build_confirms_asks_for_nothing() -> None:
    """The digests agree."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags)
    announce(pilot, "image 1")

    pilot.perform()

    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED
    assert len(pilot.effects(ef.ReadTags)) == 1


def test_an_early_image_that_the_build_does_not_name_has_the_tag_read_again() -> None:
    """Somebody else pushed under this tag, before or after: the registry's word decides."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags)
    announce(pilot, "foreign")
    pilot.perform(ef.Build, ef.Tag)
    assert [one.subject for one in pilot.effects(ef.ReadTags)] == ["v1.0.0:read-tags:1", "v1.0.0:read-tags:2"]

    read(pilot, image=digest("foreign"))

    assert str(digest("foreign")) in pilot.release("1.0.0").quarantine


@pytest.mark.parametrize(("mark", "chart"), [("image 1", False), ("chart 1", True)])
def test_an_early_announcement_says_a_thing_once(mark: str, chart: bool) -> None:
    """A repeated one, and a chart's, are read when the version is packaged."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    announce(pilot, "image 1")

    decision = announce(pilot, mark, chart=chart)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "known")


@pytest.mark.parametrize(("mark", "chart"), [("image 1", False), ("chart 1", True)])
def test_announcing_what_was_packaged_is_no_news(mark: str, chart: bool) -> None:
    """Our own pushes are announced too."""
    decision = announce(waiting(), mark, chart=chart)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "known")


@pytest.mark.parametrize(("chart", "what"), [(False, "image"), (True, "chart")])
def test_an_announcement_is_a_hint_that_is_read_back(chart: bool, what: str) -> None:
    """A payload alone quarantines nothing."""
    pilot = waiting()

    decision = announce(pilot, "other", chart=chart)

    assert [one.subject for one in decision.effects] == ["v1.0.0:read-tags:2"]
    assert pilot.release("1.0.0").quarantine == ""
    assert f"another {what}" in decision.notes[0]


@pytest.mark.parametrize(("chart", "what"), [(False, "image"), (True, "chart")])
def test_an_announcement_without_a_digest_has_the_tag_read(chart: bool, what: str) -> None:
    """Docker Hub names none; what the registry says decides, as always."""
    pilot = waiting()

    decision = pilot.tell(
        ev.ArtifactAnnounced(**pilot.ids(), version="1.0.0", part=CHART if chart else IMAGE, digest=None)
    )
    found: dict[str, Any] = {what: digest("other")}
    read(pilot, **found)

    assert [one.subject for one in decision.effects] == ["v1.0.0:read-tags:2"]
    assert f"a push of its {what} without the digest; its tag is read" in decision.notes[0]
    assert str(digest("other")) in pilot.release("1.0.0").quarantine


def test_an_early_announcement_without_a_digest_says_nothing() -> None:
    """The digest is read back with the build's result."""
    pilot = Pilot()
    pilot.push_release("1.0.0")

    decision = pilot.tell(ev.ArtifactAnnounced(**pilot.ids(), version="1.0.0", part=IMAGE, digest=None))

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "known")
    assert pilot.release("1.0.0").early == ()


def test_an_announcement_of_a_version_without_release_is_recorded_only() -> None:
    """A release comes from a branch, never from an image."""
    decision = announce(Pilot(), "other", version="9.9.9")

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "unknown-release")
