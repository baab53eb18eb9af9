"""Stores without a lock: what happens when somebody else writes between reading and writing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.ports.store import Loaded, StaleService, Store, Write
from tests.support.stores import OPTIMISTIC, SERVICE, a_write, always, in_a_thread, opened


@pytest.fixture(params=OPTIMISTIC)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind that decides without a lock."""
    with opened(request.param, tmp_path) as found:
        yield found.store


@pytest.mark.parametrize("known", [False, True])
def test_a_decision_is_made_again_when_somebody_was_faster(store: Store, known: bool) -> None:
    """The second decision sees what the other wrote; for a service's first decision too."""
    if known:
        store.transact(SERVICE, "e0", always(a_write()))
    others = iter([True])
    seen: list[dict[str, bytes]] = []

    def decide(loaded: Loaded) -> Write:
        seen.append(dict(loaded.rows))
        if next(others, False):
            store.transact(SERVICE, "other", always(a_write(puts={"1~policy": b"theirs"})))
        return a_write(puts={"1~release~a": b"ours"})

    committed = store.transact(SERVICE, "e1", decide)

    assert seen == [{}, {"1~policy": b"theirs"}]
    assert committed.sequence == 2 + known
    assert dict(store.read(SERVICE).rows) == {"1~policy": b"theirs", "1~release~a": b"ours"}


def test_a_decision_is_given_up_when_others_are_always_faster(store: Store) -> None:
    """StaleService, and nothing of the decision is written."""
    numbers = itertools.count()

    def decide(loaded: Loaded) -> Write:
        store.transact(SERVICE, f"other-{next(numbers)}", always(a_write()))
        return a_write(puts={"1~release~a": b"ours"})

    with pytest.raises(StaleService, match="deliver it again"):
        store.transact(SERVICE, "e1", decide)

    assert not store.read(SERVICE).rows


def test_an_event_that_another_worker_commits_meanwhile_is_a_duplicate(store: Store) -> None:
    """The same message delivered to two workers at once is committed once."""

    def decide(loaded: Loaded) -> Write:
        store.transact(SERVICE, "e1", always(a_write(entry=b"first")))
        return a_write(entry=b"second")

    committed = store.transact(SERVICE, "e1", decide)

    assert (committed.duplicate, committed.sequence) == (True, 1)
    assert [row.body for row in store.ledger(SERVICE, after=0, most=9)] == [b"first"]


def test_what_was_read_just_before_is_not_decided_on_when_somebody_was_faster(store: Store) -> None:
    """An effect reads, acts and reports; what it read is the first try only."""
    store.transact(SERVICE, "e0", always(a_write()))
    store.read(SERVICE)
    in_a_thread(lambda: store.transact(SERVICE, "other", always(a_write(puts={"1~policy": b"theirs"}))))
    seen: list[dict[str, bytes]] = []

    def decide(loaded: Loaded) -> Write:
        seen.append(dict(loaded.rows))
        return a_write(puts={"1~release~a": b"ours"})

    committed = store.transact(SERVICE, "e1", decide)

    assert seen == [{}, {"1~policy": b"theirs"}]
    assert committed.sequence == 3
    assert dict(store.read(SERVICE).rows) == {"1~policy": b"theirs", "1~release~a": b"ours"}


@pytest.mark.parametrize("way", ["nothing", "error"])
def test_that_nothing_is_to_be_done_is_decided_on_what_is_there_now(store: Store, way: str) -> None:
    """No etag would tell that what was read before is not so any more; the same for what is refused."""
    store.transact(SERVICE, "e0", always(a_write()))
    store.read(SERVICE)
    in_a_thread(lambda: store.transact(SERVICE, "other", always(a_write(puts={"1~policy": b"theirs"}))))

    def decide(loaded: Loaded) -> Write | None:
        if "1~policy" in loaded.rows:
            return a_write(puts={"1~release~a": b"ours"})
        if way == "error":
            raise LookupError("no policy")
        return None

    store.transact(SERVICE, "e1", decide)

    assert store.read(SERVICE).rows["1~release~a"] == b"ours"


def test_an_event_that_was_committed_since_it_was_read_about_is_a_duplicate(store: Store) -> None:
    """Two workers perform one effect and report it; the second one had read the service before the first report."""
    store.transact(SERVICE, "e0", always(a_write()))
    store.read(SERVICE)
    in_a_thread(lambda: store.transact(SERVICE, "e1", always(a_write(entry=b"first"))))

    committed = store.transact(SERVICE, "e1", always(a_write(entry=b"second")))

    assert (committed.duplicate, committed.sequence) == (True, 2)
    assert [row.body for row in store.ledger(SERVICE, after=1, most=9)] == [b"first"]
