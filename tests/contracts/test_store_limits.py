"""What no store takes, so that nothing is built that Tables cannot hold. Run on every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.ports.store import Store, TooLarge, Write
from tests.support.stores import ALL, SERVICE, a_message, a_write, always, opened

KIB = 1024


@pytest.fixture(params=ALL)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    with opened(request.param, tmp_path) as found:
        yield found.store


def many(rows: int, size: int = 1) -> dict[str, bytes]:
    """Build rows of a size."""
    return {f"1~environment~{number:03d}": b"\xff" * size for number in range(rows)}


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(a_write(puts=many(96)), id="100 rows"),
        pytest.param(a_write(puts=many(1, 64 * KIB)), id="64 KiB in a row"),
        pytest.param(a_write(puts=many(45, 64 * KIB)), id="nearly 4 MiB as it is sent"),
        pytest.param(a_write(entry=b"\xff" * 65_000), id="a long ledger entry"),
        pytest.param(a_write(outbox=[a_message("é" * 32_500)]), id="a long message"),
    ],
)
def test_a_batch_at_the_limit_is_taken(store: Store, write: Write) -> None:
    """What the limits allow is kept and read back as it was."""
    store.transact(SERVICE, "e1", always(write))

    loaded = store.read(SERVICE)
    assert dict(loaded.rows) == dict(write.puts)
    assert tuple(loaded.outbox.values()) == write.outbox
    assert store.ledger(SERVICE, after=0, most=1)[0].body == write.ledger(1, "")


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(a_write(puts=many(97)), id="101 rows"),
        pytest.param(a_write(outbox=[a_message()] * 98), id="98 messages"),
        pytest.param(a_write(puts=many(1, 64 * KIB + 1)), id="more than 64 KiB in a row"),
        pytest.param(a_write(puts=many(60, 64 * KIB)), id="more than 4 MiB"),
        pytest.param(a_write(entry=b"x" * 64 * KIB), id="a ledger entry that does not fit its row"),
        pytest.param(a_write(outbox=[a_message("x" * 64 * KIB)]), id="a message that does not fit its row"),
    ],
)
def test_a_batch_beyond_the_limit_is_refused_and_nothing_is_written(store: Store, write: Write) -> None:
    """TooLarge everywhere, with the same numbers."""
    with pytest.raises(TooLarge):
        store.transact(SERVICE, "e1", always(write))

    assert store.read(SERVICE).sequence == 0
    assert not store.read(SERVICE).rows


@pytest.mark.parametrize("key", ["1~release~a/b", "1~a\\b", "1~#", "1~?", "1~\n", "", "1~" + "x" * 511])
def test_a_key_that_tables_would_refuse_is_refused(store: Store, key: str) -> None:
    """Key parts are encoded by whoever makes the key."""
    with pytest.raises(ValueError, match="encode its parts"):
        store.transact(SERVICE, "e1", always(a_write(puts={key: b""})))

    assert store.read(SERVICE).sequence == 0


@pytest.mark.parametrize("key", ["1~head", "1~outbox~x", "4~ledger~x", "5~seen~x", "6~until~x"])
def test_a_decision_may_not_write_rows_of_the_stores_own(store: Store, key: str) -> None:
    """Nobody but the store keeps head, outbox, ledger and marks."""
    with pytest.raises(ValueError, match="belongs to the store"):
        store.transact(SERVICE, "e1", always(a_write(puts={key: b""})))


def test_a_decision_may_not_put_and_delete_a_row(store: Store) -> None:
    """What would be left depends on the store; so it is refused."""
    with pytest.raises(ValueError, match="both puts and deletes"):
        store.transact(SERVICE, "e1", always(a_write(puts={"1~a": b""}, deletes=frozenset({"1~a"}))))
