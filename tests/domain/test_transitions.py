"""The tables of legal moves, against a second account of them, over every pair."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from shared.domain.drafts.draft import Draft
from shared.domain.state.estate import Estate
from shared.domain.state.phases import QUEUED, RUNNING, Phase, PromotionKind, ReleasePhase
from shared.domain.state.transitions import IllegalMove, legal, legal_release
from tests.support.flow_laws import MOVES, RELEASE
from tests.support.pilot import NOON, Pilot


@pytest.mark.parametrize("kind", PromotionKind)
def test_a_promotion_moves_along_its_table_and_in_no_other_way(kind: PromotionKind) -> None:
    """Each pair of phases is legal exactly where the second account has it."""
    expected = {(old, new) for old, news in MOVES[kind].items() for new in news}

    found = {(str(old), str(new)) for old, new in product(Phase, Phase) if legal(kind, old, new)}

    assert found == expected


def test_a_release_moves_along_its_table_and_in_no_other_way() -> None:
    """Each pair of phases is legal exactly where the second account has it."""
    expected = {(old, new) for old, news in RELEASE.items() for new in news}

    found = {(str(old), str(new)) for old, new in product(ReleasePhase, ReleasePhase) if legal_release(old, new)}

    assert found == expected


@pytest.mark.parametrize("kind", PromotionKind)
def test_no_promotion_moves_on_after_its_end_except_by_a_retry(kind: PromotionKind) -> None:
    """Only an errored promotion goes on, back to Waiting; a rollback never does."""
    moves = {(old, new) for old, new in product(Phase, Phase) if old.ended and legal(kind, old, new)}

    assert moves == (set() if kind is PromotionKind.ROLLBACK else {(Phase.ERRORED, Phase.WAITING)})


@pytest.mark.parametrize("kind", PromotionKind)
def test_no_promotion_stays_where_it_is(kind: PromotionKind) -> None:
    """A move to the same phase is no move."""
    assert not any(legal(kind, phase, phase) for phase in Phase)


@pytest.mark.parametrize("kind", [PromotionKind.FORWARD, PromotionKind.REDEPLOY])
def test_blue_green_has_its_place_after_verifying(kind: PromotionKind) -> None:
    """A switch comes between the verified rollout and success."""
    way = [Phase.VERIFYING, Phase.AWAITING_SWITCH, Phase.SWITCHING, Phase.SUCCEEDED]

    assert all(legal(kind, old, new) for old, new in pairwise(way))


def test_every_phase_is_queued_or_running_or_ended() -> None:
    """No phase is two of them, or none."""
    for phase in Phase:
        assert [phase in QUEUED, phase in RUNNING, phase.ended].count(True) == 1


def test_a_move_that_the_table_does_not_have_is_a_defect_that_changes_nothing() -> None:
    """The rules are stopped, naming promotion, service and both phases."""
    pilot = Pilot().release_to("1.0.0")
    state = pilot.state
    draft = Draft(state, Estate(), NOON)
    release = draft.put(pilot.release("1.0.0"))

    with pytest.raises(
        IllegalMove, match="forward promotion 1 of shipping~delivery cannot go from Succeeded to Waiting"
    ):
        draft.move(release.promotions[0], Phase.WAITING, "")

    assert pilot.state is state


def test_an_illegal_move_of_a_release_is_stopped_too() -> None:
    """The rules are stopped, naming release and both phases."""
    pilot = Pilot().release_to("1.0.0")
    draft = Draft(pilot.state, Estate(), NOON)

    with pytest.raises(IllegalMove, match=r"release v1\.0\.0 of shipping~delivery cannot go from Released to Failed"):
        draft.move_release(pilot.release("1.0.0"), ReleasePhase.FAILED, "")
