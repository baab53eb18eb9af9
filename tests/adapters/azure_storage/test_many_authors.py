"""Twenty thousand authors on a storage account: rows as small as with one, and a read that is done once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.support import azurite
from tests.support.clocked_azure import ClockedAzure
from tests.support.many_authors import judged, many_authors, sizes
from tests.support.outside import ADA, Outside

pytestmark = pytest.mark.real("azurite")


def test_twenty_thousand_authors_are_told_apart_and_take_no_room(tmp_path: Path) -> None:
    """The list lies in rows of its own, under its hash."""
    outside = Outside()
    database = ClockedAzure(outside.clock, outside.clock.elapsed, connection=azurite.proxy().connection)
    with closing(database):
        slipway = many_authors("tables", tmp_path, outside=outside, database=database)
        judged(slipway, ADA)

        assert sizes(slipway) < 12_000
