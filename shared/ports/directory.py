"""The directory of people and groups. An installation without one matches people by what is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Directory(Protocol):
    """Raise Transient when it cannot be reached now, Permanent where it refuses us."""

    def people(self, name: str) -> Sequence[str]:
        """Return the ids of everybody with this mail or user name: none, one, or more where it is ambiguous."""
        ...

    def groups(self, name: str) -> Sequence[str]:
        """Return the ids of every group of this name."""
        ...

    def mails_of(self, person: str) -> Sequence[str]:
        """Return every mail by which the person (an id) is known, none for a program."""
        ...

    def groups_of(self, person: str, among: Sequence[str]) -> frozenset[str]:
        """Return which of these groups (ids) the person is in, directly or through others.

        The answer may be a minute old.
        """
        ...
