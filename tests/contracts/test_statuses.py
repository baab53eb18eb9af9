"""Statuses: what is said about a commit is shown there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.adapters.kept_statuses import KeptStatuses
from shared.ports.statuses import CommitState, CommitStatus, Statuses
from tests.support.stores import opened

COMMIT = "a" * 40
LINK = "https://slipway.example.com/services/delivery?repository=shop#release-1.0.0"


@pytest.fixture(params=["memory", "sqlite"])
def statuses(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Statuses]:
    """No statuses yet, kept in each store that needs nothing of the machine."""
    with opened(request.param, tmp_path) as found:
        yield KeptStatuses(found.rows, now=lambda: datetime(2026, 3, 2, tzinfo=UTC))


def test_of_a_context_the_status_with_the_highest_number_is_shown(statuses: Statuses) -> None:
    """Whichever was set last. Contexts stand side by side, in their order; the same one again changes nothing."""
    running = CommitStatus(context="slipway/delivery", state=CommitState.PENDING, description="tests run")
    done = CommitStatus(
        context="slipway/delivery", state=CommitState.SUCCEEDED, description="12 tests passed, ü", link=LINK
    )
    other = CommitStatus(context="slipway/~zebra?", state=CommitState.ERROR, description="")
    for about, status in ((9, running), (10, other), (10, done), (10, done), (9, running)):
        statuses.set_status("shop", COMMIT, status, about=about)

    assert list(statuses.statuses("shop", COMMIT)) == [done, other]


def test_statuses_belong_to_one_commit_of_one_repository(statuses: Statuses) -> None:
    """Neither another commit nor another repository shows them."""
    statuses.set_status("shop", COMMIT, CommitStatus(context="x", state=CommitState.FAILED, description="no"), about=1)

    assert list(statuses.statuses("shop", "b" * 40)) == []
    assert list(statuses.statuses("other", COMMIT)) == []
