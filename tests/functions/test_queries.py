"""Queries that mean nothing are refused by their field, and what needs no key tells nothing."""

from __future__ import annotations

import pytest

from tests.support.app_parts import Harness
from tests.support.doors import Doors
from tests.support.outside import SLIPWAY_YAML

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


def test_attack_reading_approvers_from_the_health_of_slipway(doors: Doors, slipway: Harness) -> None:
    """Attack: ask without a key what is wrong with a file. Defence: anybody hears that something is, and readers what."""
    slipway.push("refs/heads/main", {"slipway.yaml": f"{SLIPWAY_YAML}nonsense: true\n".encode()})
    slipway.pump()

    reader, nobody, greta = (doors.get("/api/health", who) for who in ("ada", None, "greta"))

    assert reader.json()["repositories"][0]["configuration"]["faults"]
    assert nobody.status == 200
    assert nobody.json() == greta.json()
    assert (nobody.json()["status"], nobody.json()["repositories"], nobody.json()["anchors"]) == ("degraded", [], None)
