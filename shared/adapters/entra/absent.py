"""People of a tenant sign in, and nobody may ask its directory: whoever a name means stays unknown."""

from __future__ import annotations

from collections.abc import Sequence

from shared.ports.errors import Permanent
from shared.telemetry import log_event


class NoDirectory:
    """Knows nobody, and says what it takes to know them.

    A mail in a guest's token is what the guest's own tenant says, so that a name as it is written makes nobody an approver.
    """

    def people(self, name: str) -> Sequence[str]:
        """See Directory."""
        raise _nobody_to_ask(name)

    def groups(self, name: str) -> Sequence[str]:
        """See Directory."""
        raise _nobody_to_ask(name)

    def mails_of(self, person: str) -> Sequence[str]:
        """See Directory. Those of the sign-in have to do."""
        log_event("directory.not_asked", person=person)
        return ()

    def groups_of(self, person: str, among: Sequence[str]) -> frozenset[str]:
        """See Directory. What the sign-in left out counts for nothing."""
        log_event("directory.not_asked", person=person, groups=list(among))
        return frozenset()


def _nobody_to_ask(name: str) -> Permanent:
    detail = "SLIPWAY_IDENTITY is not set, as which the directory is asked; set it, or write an id"
    return Permanent(f"{detail} in place of {name}", ours=True)
