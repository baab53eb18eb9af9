"""Who wrote a change, as it is kept as evidence: what was asked, on which paths, and everybody, sorted and each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.codec.fields import Fields
from shared.codec.primitives import Json, dump, read
from shared.domain.promotion import Author

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class AuthorsRead:
    """Who wrote what lies on some paths between two commits. No path: the whole repository.

    `question` names the commits and what says which paths count, so that it is read once.
    """

    question: str
    paths: tuple[str, ...]
    authors: tuple[Author, ...]


def encode_authors_read(question: str, paths: Iterable[str], authors: Iterable[Author]) -> bytes:
    """Return paths and authors as they are kept: the same ones give the same bytes."""
    people = sorted({(one.name, one.mail) for one in authors}, key=lambda one: (one[1], one[0]))
    values: Json = {"question": question, "paths": sorted(set(paths)), "authors": people}
    return dump(SCHEMA, values)


def decode_authors_read(data: bytes) -> AuthorsRead:
    """See encode_authors_read; raise UnreadableRecord."""
    return read("authors", SCHEMA, data, _decode)


def _decode(fields: Fields) -> AuthorsRead:
    return AuthorsRead(
        question=fields.text("question"),
        paths=fields.texts("paths"),
        authors=tuple(Author(name=name, mail=mail) for name, mail in fields.pairs("authors")),
    )
