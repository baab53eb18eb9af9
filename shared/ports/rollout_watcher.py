"""What shows how a deployment is doing. It need not be what applied it: git may write what a cluster shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from shared.domain.policies.place import Place
from shared.domain.rollouts.images import Ran
from shared.domain.rollouts.verdicts import RolloutState

__all__ = ["Rollout", "RolloutState", "RolloutWatcher"]


def _nothing() -> bytes:
    return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What the environment shows of a revision, with a reason for people.

    `ran` are the images that containers of the current revision run; None where the environment does not tell.
    `evidence` reads what people need to find the cause, such as events and logs, and is asked once, where it has failed.
    `waited`: the look itself lasted as long as one may, so that the next may follow at once.
    """

    state: RolloutState
    reason: str
    ran: tuple[Ran, ...] | None = None
    evidence: Callable[[], bytes] = field(default=_nothing, repr=False)
    waited: bool = False


class RolloutWatcher(Protocol):
    """One way to look at what was applied."""

    def observe(self, place: Place, revision: str) -> Rollout:
        """Read how the revision is doing. Raise Transient when the environment cannot be read."""
        ...
