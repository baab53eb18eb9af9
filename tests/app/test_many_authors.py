"""Twenty thousand authors: the list lies in evidence, and the partition stays as small as with one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.support.many_authors import judged, many_authors, sizes
from tests.support.outside import ADA


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_twenty_thousand_authors_are_told_apart_and_take_no_room(store: str, tmp_path: Path) -> None:
    """The rows are those of any release, some kilobytes."""
    slipway = many_authors(store, tmp_path)
    with closing(slipway.database):
        judged(slipway, ADA)

        assert sizes(slipway) < 12_000
