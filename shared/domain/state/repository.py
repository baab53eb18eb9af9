"""What is known of a repository beside its services: where its branches stood, and the configuration in force."""

from __future__ import annotations

from shared.domain.policies.policy import RepositoryPolicy
from shared.domain.values.person import Person
from shared.domain.values.records import Record, Time, replace

# How git writes that a ref is not there: deleted by a push, or made by one. As what somebody pushed, a deletion that nobody
# told of.
GONE = "0" * 40
_MADE, _DELETED = "+", "-"
_MOST_KNOWN = 50  # of what was forgotten the pusher is unknown once more


class Pushed(Record, kw_only=False):
    """Who pushed a commit that no release has taken in yet, e.g. because its service is not configured; None: not known."""

    commit: str
    person: Person | None


class Tip(Record):
    """Where a branch stood when it was last looked at: `commit` is None once it is gone.

    `number` counts the branch's changes. `sent` is set when all that this change concerns has been told of it;
    until then `previous` says where the change began. `known` are the last commits that a release branch is known to have
    stood at: whoever pushed one of them was told of, by name or as unknown. Among them stands, with a sign before it, where
    a push that was told of made the branch (`+`) or deleted it (`-`).
    """

    commit: str | None
    number: int
    previous: str | None = None
    sent: bool = False
    pushed: tuple[Pushed, ...] = ()
    known: tuple[str, ...] = ()

    def with_push(self, before: str, after: str) -> Tip:
        """Return the tip with a push that made or deleted the branch, whichever came first and however often it is told."""
        if GONE not in (before, after) or not (before and after):
            return self
        return self.knowing(f"{_MADE}{after}" if before == GONE else f"{_DELETED}{before}")

    @property
    def lacks_deletion(self) -> bool:
        """Whether the branch was made more often than it can have been: what was pushed before it was deleted, nobody told."""
        made, deleted = (sum(one.startswith(sign) for one in self.known) for sign in (_MADE, _DELETED))
        return made > deleted + 1

    def knowing(self, *commits: str) -> Tip:
        """Return the tip with more commits whose pushers were told of."""
        found = tuple(dict.fromkeys((*self.known, *commits)))
        return replace(self, known=found[-_MOST_KNOWN:])


class NotCompared(Record):
    """Why a repository's branches cannot be compared with where they were last seen, and since when."""

    reason: str
    since: Time


class Compared(Record):
    """When a repository's branches were compared last, whether that worked or not."""

    at: Time


class ConfigInForce(Record):
    """The last good slipway.yaml, compiled, and what is wrong with a newer one.

    `commit` is where the policy was read, empty while there has been none; `faulty_commit` where the faults were found.
    `number` is that of the default branch's change that was looked at last: an older one is never put in force again.
    """

    commit: str = ""
    policy: RepositoryPolicy | None = None
    faults: tuple[str, ...] = ()
    faulty_commit: str = ""
    checked_at: Time
    number: int = 0
