"""What a registry says it lost is looked for again, and never taken for gone because it says so."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase
from shared.domain.state.promotion import Presence
from shared.domain.values.artifact import PartKind
from shared.domain.values.names import Digest
from tests.support.pilot import Pilot, digest
from tests.support.pilot_more import codes, roll_back


def withdrawn(pilot: Pilot, **said: Any) -> Decision:
    """The registry says that something was deleted."""
    return pilot.tell(ev.ArtifactWithdrawn(**pilot.ids(), **{"kind": PartKind.IMAGE, "repository": "delivery", **said}))


def waiting() -> Pilot:
    """Version 1.0.0 is live in both environments, and 1.1.0 waits for production's approval."""
    return Pilot().release_to("1.0.0").release_to("1.1.0", approve=False)


def image_of(pilot: Pilot, version: str) -> Digest:
    """What a version was packaged as."""
    artifact = pilot.release(version).artifact
    assert artifact is not None
    return artifact.image.digest


def asked(pilot: Pilot) -> int:
    """How often facts were asked for."""
    return len(pilot.effects(ef.GatherFacts))


def test_a_way_back_that_is_gone_is_noticed_while_people_are_asked() -> None:
    """What was read an hour ago, or a minute ago, named it as present."""
    pilot = waiting()
    pilot.world.presence = Presence.GONE

    decision = withdrawn(pilot, digest=image_of(pilot, "1.0.0"))
    pilot.perform()

    assert decision.outcome is Outcome.MOVED
    assert decision.notes[0] == (
        "delivery: the registry says that the image of v1.0.0 (kept for production, kept for qa)"
        " was deleted; it is looked for again"
    )
    assert codes(pilot, "1.1.0") == ["NoWayBack", "ApprovalNeeded"]


def test_a_hint_that_lies_changes_nothing_but_that_it_is_looked_at() -> None:
    """The request stays, with the votes that were given."""
    pilot = waiting()
    request, before = pilot.request(), asked(pilot)

    withdrawn(pilot, digest=image_of(pilot, "1.0.0"))
    pilot.perform()

    assert (asked(pilot), pilot.request()) == (before + 1, request)
    assert codes(pilot, "1.1.0") == ["ApprovalNeeded"]


@pytest.mark.parametrize(
    "said",
    [
        {"digest": digest("image 1")},
        {"digest": digest("chart 1"), "kind": PartKind.CHART},
        {"version": "1.0.0"},
        {"version": "1.0.0", "kind": PartKind.CHART},
        {},
    ],
    ids=["image", "chart", "tag", "tag of the chart", "the whole repository"],
)
def test_what_is_meant_is_named_by_digest_tag_or_repository(said: dict[str, Any]) -> None:
    """Each of them has the facts asked for once more."""
    pilot = waiting()
    before = asked(pilot)

    decision = withdrawn(pilot, **said)

    assert (decision.outcome, asked(pilot)) == (Outcome.MOVED, before + 1)


@pytest.mark.parametrize(
    "said",
    [
        {"digest": digest("somebody's")},
        {"digest": digest("image 1"), "kind": PartKind.CHART},
        {"digest": digest("chart 1")},
        {"version": "9.9.9"},
    ],
)
def test_what_nobody_keeps_is_recorded_only(said: dict[str, Any]) -> None:
    """Nothing is asked for it."""
    pilot = waiting()
    before = asked(pilot)

    decision = withdrawn(pilot, **said)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "unknown-artifact")
    assert asked(pilot) == before


def test_the_artifact_that_waits_is_read_again_too() -> None:
    """Its manifests are rendered from the chart that may be gone."""
    pilot = Pilot().release_to("1.0.0", approve=False)

    decision = withdrawn(pilot, repository="charts/delivery", digest=digest("chart 1"), kind=PartKind.CHART)

    assert [one.subject for one in decision.effects] == ["2:gather-facts:2"]
    assert "the chart of v1.0.0 (kept for qa, on its way) was deleted" in decision.notes[0]
    assert pilot.promotion("1.0.0", "production").facts is None


def test_where_nothing_waits_it_is_a_note() -> None:
    """The next promotion asks by itself."""
    pilot = Pilot().release_to("1.0.0")

    decision = withdrawn(pilot, version="1.0.0")

    assert (decision.outcome, decision.effects) == (Outcome.NOTED, ())
    assert "kept for production" in decision.notes[0]


def test_a_release_that_is_not_packaged_yet_has_nothing_to_lose() -> None:
    """Not even where a whole repository is said to be gone."""
    pilot = Pilot()
    pilot.push_release("1.0.0")

    assert withdrawn(pilot).code == "unknown-artifact"


def test_what_is_being_deployed_goes_on() -> None:
    """The step looks for itself before it acts, and what is deployed keeps the manifests that were checked."""
    pilot = waiting()
    pilot.answer()
    running, before = pilot.promotion("1.1.0", "production"), asked(pilot)

    withdrawn(pilot, version="1.0.0")

    assert running.phase is Phase.RETAGGING
    assert pilot.promotion("1.1.0", "production") == running
    assert asked(pilot) == before


def test_a_question_under_way_is_put_anew_as_it_may_have_been_answered_before_the_deletion() -> None:
    """The older answer does not count any more."""
    pilot = waiting()
    withdrawn(pilot, version="1.0.0")
    first = pilot.effects(ef.GatherFacts)[-1]

    withdrawn(pilot, version="1.0.0")
    second = pilot.effects(ef.GatherFacts)[-1]

    assert first.id != second.id
    late = pilot.tell(ev.FactsGathered(**pilot.ids(), effect=first.id, number=4, facts=pilot.facts()))
    assert late.code == "replaced"


def test_hints_do_not_keep_a_rollback_from_beginning() -> None:
    """Attack: whoever knows the hook's secret says again and again that something was deleted."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    roll_back(pilot)
    question = pilot.effects(ef.GatherFacts)[-1]

    for _ in range(3):
        withdrawn(pilot)

    assert pilot.effects(ef.GatherFacts)[-1] is question
    pilot.perform()
    assert pilot.promotion("1.1.0", "production").phase is Phase.ROLLED_BACK
