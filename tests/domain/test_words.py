"""Words for people."""

from __future__ import annotations

import pytest

from shared.domain.values.words import counted


@pytest.mark.parametrize(
    ("number", "says"), [(0, "0 bytes"), (1, "1 byte"), (2, "2 bytes"), (11, "11 bytes"), (200_000, "200,000 bytes")]
)
def test_one_is_not_many(number: int, says: str) -> None:
    """And large numbers are read at a glance."""
    assert counted(number, "byte") == says
