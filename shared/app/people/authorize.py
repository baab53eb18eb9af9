"""Which role lets somebody do what. Who may approve is the approval rule's business."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.domain.values.errors import Refused
from shared.domain.values.person import Person
from shared.ports.directory import Directory
from shared.ports.evidence import Evidence

READ, APPROVE, OPERATE, ADMIN = "Slipway.Read", "Slipway.Approve", "Slipway.Operate", "Slipway.Admin"
READERS = (READ, APPROVE, OPERATE, ADMIN)
OPERATORS = (OPERATE, ADMIN)


class NotAllowed(Refused):
    """The person has none of the roles that it takes."""

    def __init__(self, person: Person, wanted: Iterable[str]) -> None:
        super().__init__("not-allowed", f"{person.name} may not do this; it takes the role {' or '.join(wanted)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks, with memberships as approval rules ask for them, and whether they operate.

    `directory` is there where the sign-in left groups out: it knows the rest. `evidence` holds who wrote what.
    """

    person: Person
    memberships: tuple[str, ...]
    operates: bool
    directory: Directory | None = None
    evidence: Evidence | None = None


def require(person: Person, roles: frozenset[str], wanted: tuple[str, ...]) -> None:
    """Raise NotAllowed unless the person has one of the roles."""
    if roles.isdisjoint(wanted):
        raise NotAllowed(person, wanted)


def viewer(
    person: Person,
    memberships: tuple[str, ...],
    roles: frozenset[str],
    directory: Directory | None = None,
    evidence: Evidence | None = None,
) -> Viewer:
    """Describe who looks; raise NotAllowed for somebody who may not even read."""
    require(person, roles, READERS)
    operates = not roles.isdisjoint(OPERATORS)
    return Viewer(person=person, memberships=memberships, operates=operates, directory=directory, evidence=evidence)
