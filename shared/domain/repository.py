"""What is known of a repository beside its services: where its branches stood, and the configuration in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.names import Person
from shared.domain.policy import RepositoryPolicy
from shared.domain.records import replace

_MOST_KNOWN = 50  # of what was forgotten the pusher is unknown once more


@dataclass(frozen=True, slots=True)
class Pushed:
    """Who pushed a commit that no release has taken in yet, e.g. because its service is not configured; None: not known."""

    commit: str
    person: Person | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """Where a branch stood when it was last looked at: `commit` is None once it is gone.

    `number` counts the branch's changes. `sent` is set when all that this change concerns has been told of it;
    until then `previous` says where the change began. `known` are the last commits that a release branch is known to have
    stood at: whoever pushed one of them was told of, by name or as unknown.
    """

    commit: str | None
    number: int
    previous: str | None = None
    sent: bool = False
    pushed: tuple[Pushed, ...] = ()
    known: tuple[str, ...] = ()

    def knowing(self, *commits: str) -> Tip:
        """Return the tip with more commits whose pushers were told of."""
        found = tuple(dict.fromkeys((*self.known, *commits)))
        return replace(self, known=found[-_MOST_KNOWN:])


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCompared:
    """Why a repository's branches cannot be compared with where they were last seen, and since when."""

    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigInForce:
    """The last good slipway.yaml, compiled, and what is wrong with a newer one.

    `commit` is where the policy was read, empty while there has been none; `faulty_commit` where the faults were found.
    `number` is that of the default branch's change that was looked at last: an older one is never put in force again.
    """

    commit: str = ""
    policy: RepositoryPolicy | None = None
    faults: tuple[str, ...] = ()
    faulty_commit: str = ""
    checked_at: datetime
    number: int = 0
