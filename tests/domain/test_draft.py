"""A decision in the making."""

from __future__ import annotations

import pytest

from shared.domain.drafts.draft import Draft
from shared.domain.state.estate import Estate
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.state.release import ServiceState
from shared.domain.values.errors import ReleaseNotLoaded
from shared.domain.values.version import Version
from tests.support.pilot import DELIVERY, NOON, Pilot

VERSION = Version.parse("1.0.0")


def drafted(state: ServiceState) -> Draft:
    return Draft(state, Estate(), NOON)


def test_where_nothing_changed_the_very_same_state_comes_back() -> None:
    """So that nothing is written for it."""
    state = Pilot().release_to("1.0.0", approve=False).state

    assert drafted(state).result() is state


def test_a_release_that_ends_leaves_the_open_ones() -> None:
    """It is handed over among the ended."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    draft = drafted(pilot.state)
    release = pilot.release("1.0.0")

    draft.move_release(release, ReleasePhase.EXPIRED, "nobody answered")
    state = draft.result()

    key = release.version.key()
    assert key not in state.releases
    ended = state.ended[key]
    assert ended is not None
    assert ended.reason == "nobody answered"


def test_an_ended_release_has_to_be_loaded_before_it_is_read() -> None:
    """What the partition's range does not hold is never taken for absent."""
    with pytest.raises(ReleaseNotLoaded, match="is not loaded") as found:
        drafted(ServiceState(service=DELIVERY)).find_release(VERSION)

    assert found.value.version_key == VERSION.key()


def test_a_release_that_was_looked_for_in_vain_is_known_to_be_absent() -> None:
    """None stands for it."""
    assert drafted(ServiceState(service=DELIVERY, ended={VERSION.key(): None})).find_release(VERSION) is None


def test_a_promotion_that_is_not_open_is_not_found() -> None:
    """Asking for it as if it had to be there is a defect."""
    draft = drafted(ServiceState(service=DELIVERY))

    assert draft.find_promotion(7) is None
    with pytest.raises(LookupError, match="promotion 7 of shipping~delivery is not open"):
        draft.promotion(7)


def test_numbers_are_given_out_once() -> None:
    """Promotions and builds are counted apart."""
    draft = drafted(ServiceState(service=DELIVERY))

    assert [draft.next_promotion(), draft.next_promotion(), draft.next_build()] == [1, 2, 1]


def test_without_a_policy_nothing_can_be_built() -> None:
    """Whoever asks for the policy in force is told so."""
    with pytest.raises(LookupError, match="shipping~delivery is not configured"):
        _ = drafted(ServiceState(service=DELIVERY)).in_force


def test_a_move_forgets_the_time_of_the_phase_before() -> None:
    """Deadline and pause belong to one phase."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    draft = drafted(pilot.state)
    waits = pilot.promotion("1.0.0", "production")
    assert waits.deadline is not None

    moved = draft.move(waits, Phase.EXPIRED, "late")

    assert (moved.deadline, moved.paused_since, moved.since) == (None, None, NOON)
    assert draft.notes == ["v1.0.0 production #2 forward: Waiting → Expired (late)"]


def test_a_status_says_where_it_speaks_of() -> None:
    """Validations have one line on a commit, which branch protection can name; a release has its own, and one for each environment."""
    draft = drafted(ServiceState(service=DELIVERY))

    draft.status("b" * 40, "pending", "what is overtaken in the same decision")
    draft.status("b" * 40, "pending", "text")
    draft.status("b" * 40, "pending", "text", version="v1.0.0")
    draft.status("b" * 40, "pending", "text", version="v1.0.0", environment="qa")

    assert [one.subject for one in draft.effects] == [
        "bbbbbbbbbbbb:set-status:slipway/delivery:0",
        "bbbbbbbbbbbb:set-status:slipway/delivery/v1.0.0:0",
        "bbbbbbbbbbbb:set-status:slipway/delivery/v1.0.0/qa:0",
    ]
    assert [one.description for one in draft.statuses.values()] == ["text"] * 3
