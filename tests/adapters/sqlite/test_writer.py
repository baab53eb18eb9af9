"""Group commit: what arrives together is committed together, and a bad piece fails alone."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.adapters.sqlite.submission import Transaction
from shared.adapters.sqlite.writer import Writer
from shared.ports.store import StoreUnavailable

ROW = "INSERT INTO record VALUES ('p', ?, x'00', '')"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "slipway.db"


@pytest.fixture
def writer(file: Path) -> Iterator[Writer]:
    """A writer on an empty file."""
    found = Writer(file, begin=lambda transaction, lock: None, undone=lambda: None)
    yield found
    found.close()


def keys(file: Path) -> list[str]:
    """Read what is committed."""
    with sqlite3.connect(file) as connection:
        found = [key for (key,) in connection.execute("SELECT key FROM record ORDER BY key")]
    connection.close()
    return found


def put(key: str) -> Callable[[Transaction], str]:
    """Build a piece of work that writes a row."""

    def work(transaction: Transaction) -> str:
        transaction.execute(ROW, (key,))
        return key

    return work


def together(writer: Writer, *pieces: Callable[[Transaction], object]) -> list[object]:
    """Submit pieces while the writer is busy, so that they share a transaction; return results and errors."""
    busy, go = threading.Event(), threading.Event()

    def block(transaction: Transaction) -> None:
        busy.set()
        go.wait()

    blocker = threading.Thread(target=writer.submit, args=(block,))
    blocker.start()
    busy.wait()
    results: list[object] = [None] * len(pieces)

    def submit(number: int) -> None:
        try:
            results[number] = writer.submit(pieces[number])
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(len(pieces))]
    for number, thread in enumerate(threads, 1):
        thread.start()
        while writer.waiting < number:
            thread.join(0.001)
    go.set()
    for thread in (blocker, *threads):
        thread.join()
    return results


def test_pieces_that_arrive_together_share_a_commit(file: Path, writer: Writer) -> None:
    """One commit, seen from outside, for all of them."""
    during: list[list[str]] = []

    def look(transaction: Transaction) -> None:
        during.append(keys(file))

    assert together(writer, put("a"), look, put("b"), look)[::2] == ["a", "b"]
    assert during == [[], []]
    assert keys(file) == ["a", "b"]


def test_a_piece_that_raises_fails_alone(file: Path, writer: Writer) -> None:
    """The others of its group are committed."""

    def bad(transaction: Transaction) -> None:
        raise LookupError("no rule")

    first, error, second = together(writer, put("a"), bad, put("b"))

    assert (first, second) == ("a", "b")
    assert isinstance(error, LookupError)
    assert keys(file) == ["a", "b"]


@pytest.mark.parametrize("failure", ["of the database", "of its own"])
def test_a_piece_that_fails_after_it_wrote_leaves_nothing_of_itself(file: Path, writer: Writer, failure: str) -> None:
    """The group is rolled back and each piece is tried alone."""

    def bad(transaction: Transaction) -> None:
        transaction.execute(ROW, ("half",))
        if failure == "of its own":
            raise LookupError("too late")
        transaction.execute("INSERT INTO record VALUES ('p', 'text', 'no blob', '')")

    first, error, second = together(writer, put("a"), bad, put("b"))

    assert (first, second) == ("a", "b")
    assert isinstance(error, LookupError if failure == "of its own" else StoreUnavailable)
    assert keys(file) == ["a", "b"]


def test_what_follows_a_commit_is_done_once_and_only_after_it(file: Path, writer: Writer) -> None:
    """Callbacks of a piece that failed are not called, those of a group tried again not twice."""
    called: list[list[str]] = []

    def good(transaction: Transaction) -> None:
        transaction.execute(ROW, ("a",))
        transaction.afterwards.append(lambda: called.append(keys(file)))

    def bad(transaction: Transaction) -> None:
        transaction.afterwards.append(lambda: called.append(["never"]))
        transaction.execute("INSERT INTO record VALUES ('p', 'text', 'no blob', '')")

    together(writer, good, bad)

    assert called == [["a"]]


def test_what_a_piece_let_go_of_is_taken_up_again_where_it_fails(file: Path, writer: Writer) -> None:
    """Also where it had written nothing, so that only it fails; once, and the last first."""
    undone: list[str] = []

    def bad(transaction: Transaction) -> None:
        transaction.undone += [lambda: undone.append("first"), lambda: undone.append("second")]
        raise LookupError("no rule")

    together(writer, put("a"), bad)

    assert undone == ["second", "first"]
    assert keys(file) == ["a"]


def test_a_fault_in_what_follows_a_commit_keeps_nobody_waiting(file: Path, writer: Writer) -> None:
    """Neither those of its group nor whoever comes next."""

    def fault() -> None:
        raise LookupError("our fault")

    faulty, other = together(writer, lambda transaction: transaction.afterwards.append(fault), put("a"))

    assert [type(faulty), type(other)] == [LookupError, LookupError]
    assert writer.submit(put("b")) == "b"
    assert keys(file) == ["a", "b"]


def test_lazy_work_is_written_without_anybody_waiting_for_it(file: Path, writer: Writer) -> None:
    """It comes before the pieces of the next commit, and a later one of its name replaces it."""
    writer.submit_lazily("x", lambda transaction: _nothing(put("first")(transaction)))
    writer.submit_lazily("x", lambda transaction: _nothing(put("second")(transaction)))

    found = writer.submit(lambda transaction: transaction.execute("SELECT key FROM record").fetchall())

    assert found in ([("second",)], [("first",), ("second",)])  # the first may be on disk already


def test_lazy_work_is_written_when_nothing_else_comes(file: Path, writer: Writer) -> None:
    """At most a moment later."""
    done = threading.Event()

    def work(transaction: Transaction) -> None:
        put("a")(transaction)
        transaction.afterwards.append(done.set)

    writer.submit_lazily("x", work)

    assert done.wait(60)
    assert keys(file) == ["a"]


def test_who_finishes_what_is_held_back_after_the_end_is_told_so(writer: Writer) -> None:
    """A thread of the pool that saw it just before."""
    writer.close()

    with pytest.raises(StoreUnavailable, match="is closed"):
        writer.finish()


def _nothing(_: object) -> None:
    """Drop a result."""
