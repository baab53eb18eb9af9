"""Rows: small records with etags. Run on every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.ports.rows import Row, Rows, StaleRow
from shared.ports.store import TooLarge
from tests.support.stores import ALL, opened


@pytest.fixture(params=ALL)
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rows]:
    """Empty rows of each kind."""
    with opened(request.param, tmp_path) as found:
        yield found.rows


def test_a_row_is_read_as_it_was_written(rows: Rows) -> None:
    """Value and etag come back; an unknown row is None."""
    etag = rows.put("shipping", "config", b"\x00\xff", etag=None)

    assert rows.get("shipping", "config") == Row(key="config", value=b"\x00\xff", etag=etag)
    assert rows.get("shipping", "other") is None
    assert rows.get("other", "config") is None


def test_a_row_is_replaced_with_its_etag(rows: Rows) -> None:
    """The new etag is another one."""
    first = rows.put("shipping", "config", b"1", etag=None)

    second = rows.put("shipping", "config", b"2", etag=first)

    assert first != second
    assert rows.get("shipping", "config") == Row(key="config", value=b"2", etag=second)


def test_a_stale_write_is_refused_and_changes_nothing(rows: Rows) -> None:
    """An old etag, a row that should be absent, one that is gone: StaleRow."""
    old = rows.put("shipping", "config", b"1", etag=None)
    etag = rows.put("shipping", "config", b"2", etag=old)

    for stale in (old, None):
        with pytest.raises(StaleRow, match="read it again"):
            rows.put("shipping", "config", b"3", etag=stale)
    with pytest.raises(StaleRow):
        rows.put("shipping", "gone", b"3", etag=etag)

    assert rows.get("shipping", "config") == Row(key="config", value=b"2", etag=etag)
    assert rows.get("shipping", "gone") is None


def test_a_row_made_again_is_not_the_old_one(rows: Rows) -> None:
    """An etag of before the delete does not fit the row of after it."""
    old = rows.put("estate", "stop", b"1", etag=None)
    rows.delete("estate", "stop", etag=old)
    rows.put("estate", "stop", b"1", etag=None)

    with pytest.raises(StaleRow):
        rows.put("estate", "stop", b"2", etag=old)


def test_a_row_is_deleted_only_as_its_etag_says(rows: Rows) -> None:
    """A stale delete is refused, also of a row that is gone."""
    old = rows.put("estate", "stop", b"1", etag=None)
    etag = rows.put("estate", "stop", b"2", etag=old)
    with pytest.raises(StaleRow):
        rows.delete("estate", "stop", etag=old)

    rows.delete("estate", "stop", etag=etag)

    assert rows.get("estate", "stop") is None
    with pytest.raises(StaleRow):
        rows.delete("estate", "stop", etag=etag)


def test_a_projection_is_overwritten_whatever_is_there(rows: Rows) -> None:
    """No etag is asked for, and those read before no longer fit."""
    etag = rows.put("board~qa", "delivery", b"1", etag=None)

    rows.overwrite("board~qa", "delivery", b"2")
    rows.overwrite("board~qa", "package", b"3")

    assert [(row.key, row.value) for row in rows.list("board~qa")] == [("delivery", b"2"), ("package", b"3")]
    with pytest.raises(StaleRow):
        rows.put("board~qa", "delivery", b"4", etag=etag)


def test_rows_are_listed_by_prefix_in_key_order(rows: Rows) -> None:
    """Of one partition only."""
    for key in ("tip~b", "config", "tip~a", "tip~é", "tiq"):
        rows.overwrite("shipping", key, key.encode())
    rows.overwrite("other", "tip~c", b"")

    assert [row.key for row in rows.list("shipping", prefix="tip~")] == ["tip~a", "tip~b", "tip~é"]
    assert len(rows.list("shipping")) == 5
    assert not rows.list("nobody")


def test_a_row_keeps_to_the_limits_of_tables(rows: Rows) -> None:
    """64 KiB a value, and keys whose parts are encoded."""
    rows.overwrite("shipping", "config", b"x" * 65_536)

    with pytest.raises(TooLarge, match="evidence"):
        rows.overwrite("shipping", "config", b"x" * 65_537)
    with pytest.raises(ValueError, match="encode its parts"):
        rows.put("shipping", "tip~refs/heads/main", b"", etag=None)


def test_the_rows_of_many_partitions_are_listed_at_once(rows: Rows) -> None:
    """Each in key order and under its own name, also where there is nothing; and of no other partition."""
    for partition, key in (
        ("shop", "tip~b"),
        ("shop", "tip~a"),
        ("shop", "config"),
        ("other", "tip~c"),
        ("x", "tip~d"),
    ):
        rows.overwrite(partition, key, key.encode())

    found = rows.list_each(["shop", "nobody", "other"], prefix="tip~")

    assert {name: list(each) for name, each in found.items()} == {
        name: list(rows.list(name, prefix="tip~")) for name in ("shop", "nobody", "other")
    }
    assert list(found) == ["shop", "nobody", "other"]
    assert [row.key for row in found["shop"]] == ["tip~a", "tip~b"]
    assert rows.list_each([], prefix="tip~") == {}
