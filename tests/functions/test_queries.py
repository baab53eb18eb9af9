"""Queries that mean nothing are refused by their field."""

from __future__ import annotations

import pytest

from tests.support.doors import Doors

DELIVERY = "/api/services/delivery"


@pytest.mark.parametrize(
    "path",
    [
        "/api/services?most=0",
        f"{DELIVERY}/releases?most=0",
        f"{DELIVERY}/ledger?most=0",
        "/api/poison?most=0",
        "/api/estate/ledger?most=0",
        "/api/mark?of=services",
    ],
)
def test_what_a_query_cannot_mean_is_refused(doors: Doors, path: str) -> None:
    """A page of nothing has no place to go on from, and a word that nobody knows is no other one."""
    answer = doors.get(path)

    assert (answer.status, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["field"] in ("most", "of")
