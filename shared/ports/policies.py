"""How a repository's slipway.yaml becomes policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.domain.policies.policy import RepositoryPolicy
from shared.domain.values.errors import SlipwayError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong in the file: line is 1-based and 0 where unknown, key is a dotted path."""

    file: str
    line: int
    key: str
    problem: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.problem}" if self.key else f"{place}: {self.problem}"


class BrokenPolicy(SlipwayError):
    """The file cannot be put in force; the last good one stays."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(str(fault) for fault in self.faults))


class PolicyReader(Protocol):
    """Turns the file's bytes into policy."""

    def compile(self, content: bytes, *, repository: str, commit: str, files: Sequence[str]) -> RepositoryPolicy:
        """Validate and compile; `files` are all paths at that commit, for services that are found by their folders.

        Raise BrokenPolicy with every fault that was found.
        """
        ...

    def at_approvers(self, content: bytes, problems: Mapping[str, str]) -> Sequence[Fault]:
        """Return faults for approvers of a file that compiled, by the name that is written: one at each place of it."""
        ...
