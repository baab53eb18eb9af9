"""Which queues there are, which kind of message lies in which, and who takes from it."""

from __future__ import annotations

EVENTS_QUEUE = "slipway-events"
INSPECT = "inspect-push"
POISON = "-poison"
KINDS = ("build", "cancel", "tag", "gather-facts", "ask-approval", "retag", "deploy", "observe-rollout", "notify")
# Who performs effects. Production's worker acts on production's environments, and does nothing else.
NONPROD, PRODUCTION = "nonprod", "production"
PRODUCTION_KINDS = ("gather-facts", "retag", "deploy", "observe-rollout")


def queue_of(kind: str, worker: str = NONPROD) -> str:
    """Return the queue that effects of a kind go to, for one of the workers."""
    return f"slipway-{kind}" if worker == NONPROD else f"slipway-{kind}-{worker}"


def queues() -> tuple[str, ...]:
    """Every queue there is; poison queues are named after them."""
    production = (queue_of(kind, PRODUCTION) for kind in PRODUCTION_KINDS)
    return (EVENTS_QUEUE, queue_of(INSPECT), *map(queue_of, KINDS), *production)


def poison_of(queue: str) -> str:
    """Return the queue that a host moves messages to which failed too often; it has no such queue of its own."""
    return f"{queue}{POISON}"
