"""Who wrote a change, as it is kept as evidence: what was asked, on which paths, and everybody, sorted and each once."""

from __future__ import annotations

from collections.abc import Iterable

from shared.codec.stored import Stored
from shared.domain.state.promotion import Author
from shared.domain.values.records import Record


class AuthorsRead(Record):
    """Who wrote what lies on some paths between two commits. No path: the whole repository.

    `question` names the commits and what says which paths count, so that it is read once.
    """

    question: str
    paths: tuple[str, ...]
    authors: tuple[Author, ...]


AUTHORS = Stored[AuthorsRead]("authors", AuthorsRead)


def encode_authors_read(question: str, paths: Iterable[str], authors: Iterable[Author]) -> bytes:
    """Return paths and authors as they are kept: the same ones give the same bytes."""
    people = sorted(set(authors), key=lambda one: (one.mail, one.name))
    return AUTHORS.encode(AuthorsRead(question=question, paths=tuple(sorted(set(paths))), authors=tuple(people)))
