"""Small records that belong to no service: tips and configurations of repositories, and what pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.domain.values.errors import SlipwayError


class StaleRow(SlipwayError):
    """The row is not what its etag said; nothing was written. Read it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row outside the services' partitions, with the etag that a conditional write needs."""

    key: str
    value: bytes
    etag: str


class Rows(Protocol):
    """Small records outside the services' partitions: `<repository>`, `estate`, `board~<environment>`."""

    def get(self, partition: str, key: str) -> Row | None:
        """Read one row."""
        ...

    def put(self, partition: str, key: str, value: bytes, *, etag: str | None) -> str:
        """Write a row if it is still as `etag` says (None: absent), and return the new etag; raise StaleRow otherwise."""
        ...

    def overwrite(self, partition: str, key: str, value: bytes) -> None:
        """Write a row whatever is there; for projections."""
        ...

    def delete(self, partition: str, key: str, *, etag: str) -> None:
        """Delete a row if it is still as `etag` says; raise StaleRow otherwise."""
        ...

    def list(self, partition: str, *, prefix: str = "") -> Sequence[Row]:
        """Read the rows of a partition whose key starts with the prefix, in key order."""
        ...

    def list_each(self, partitions: Sequence[str], *, prefix: str) -> Mapping[str, Sequence[Row]]:
        """Read the same of many partitions, each of which is in the answer; in one go where the store can."""
        ...
