"""What somebody may have meant by a name that is nobody's."""

from __future__ import annotations

import pytest

from shared.domain.values.nearest import closest, meant


@pytest.mark.parametrize(
    ("word", "nearest"),
    [("oders", "orders"), ("ORDERS", "orders"), ("order", "orders"), ("delivery", ""), ("", ""), ("o" * 201, "")],
)
def test_the_word_that_is_most_like_it_is_found(word: str, nearest: str) -> None:
    """Whatever the case of its letters; nothing where nothing is like it."""
    assert closest(word, ["invoices", "orders", "borders-of-things", "x" * 500]) == nearest


def test_nothing_is_asked_where_nothing_is_near() -> None:
    """A sentence goes on with it, or ends before."""
    assert (meant("orders"), meant("")) == ("; is orders meant?", "")
