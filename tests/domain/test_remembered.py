"""Which promotions a release keeps: a row has room for so many, and anything may be deployed again for years."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.promotion import Promotion, remembered
from tests.support.pilot import NOON, Pilot
from tests.support.pilot_more import redeploy


def one(number: int, **more: Any) -> Promotion:
    """Return a redeploy of production that succeeded."""
    told = {"environment": "production", "kind": PromotionKind.REDEPLOY, "phase": Phase.SUCCEEDED, **more}
    return Promotion(number=number, since=NOON, created=NOON, cause="asked", **told)


def numbers(*promotions: Promotion) -> list[int]:
    """Return which are kept."""
    return [kept.number for kept in remembered(promotions, NOON)]


def test_of_what_is_deployed_again_the_newest_are_kept() -> None:
    """Of each environment; the ledger has all of them."""
    qa = [one(number, environment="qa") for number in (1, 2, 3)]

    assert numbers(*qa, *map(one, range(4, 12))) == [1, 2, 3, 9, 10, 11]


def test_kinds_do_not_count_for_one_another() -> None:
    """How a version came there is known however often it was deployed again."""
    first = one(1, kind=PromotionKind.FORWARD)

    assert numbers(first, *map(one, range(2, 9))) == [1, 6, 7, 8]


def test_the_last_success_is_kept_whatever_failed_since() -> None:
    """How long it has run there is counted from it."""
    failed = [one(number, phase=Phase.FAILED) for number in range(2, 9)]

    assert numbers(one(1), *failed) == [1, 6, 7, 8]


def test_what_has_not_ended_or_may_still_write_is_kept() -> None:
    """Nothing else may start because of it."""
    until = {"writing_until": NOON + timedelta(seconds=1)}
    newer = [one(number) for number in range(4, 9)]

    assert numbers(one(1, phase=Phase.WAITING), one(2, **until), one(3, writing_until=NOON), *newer) == [1, 2, 6, 7, 8]


def test_rollbacks_are_kept_with_what_the_last_of_them_undoes() -> None:
    """Whether a version was taken back decides where it may go."""
    back = [one(number, kind=PromotionKind.ROLLBACK) for number in range(10, 15)]
    running = one(20, kind=PromotionKind.ROLLBACK, phase=Phase.DEPLOYING, undoes=1)

    assert numbers(*map(one, range(1, 7)), *back, running) == [1, 4, 5, 6, 10, 11, 12, 13, 14, 20]


def test_a_version_may_be_deployed_again_as_often_as_anybody_likes() -> None:
    """The release grows no more, and the last one counts."""
    pilot = Pilot().release_to("1.1.0")
    for _ in range(8):
        redeploy(pilot, "1.1.0")
        pilot.perform()

    kept = pilot.release("1.1.0").promotions

    assert [kept_one.kind for kept_one in kept].count(PromotionKind.REDEPLOY) == 3
    assert kept[-1].phase is Phase.SUCCEEDED
