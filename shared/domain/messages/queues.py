"""Which queues there are, which kinds of messages lie in each, and who takes from it: one table.

Every queue is looked at for ever, and is cold by itself, so that kinds share one where none of them can keep the others
waiting: what takes seconds lies apart from what writes to an environment and may take minutes, and both apart from
builds. A cancelled build thus waits behind no build, looking at a rollout behind no deployment. In production a
deployment, which may be a rollback, waits behind no copy either. What a worker that is a process of its own reports lies in
a queue of that worker, so that the queue says who it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

# Who takes messages. Control decides, and speaks with people and repositories; production's worker acts on production's
# environments, and does nothing else.
CONTROL, NONPROD, PRODUCTION = "control", "nonprod", "production"
EVENTS, INSPECT = "events", "inspect-push"
# Every name begins so, and ends so where what failed is moved to.
SLIPWAY, POISON = "slipway-", "-poison"


class Queue(NamedTuple):
    """One of them. `kinds` are those of the messages that belong there; another one found there is refused.

    `reports_of` is the worker that reports there, where it is no queue of effects.
    """

    name: str
    worker: str
    kinds: tuple[str, ...]
    reports_of: str = ""


_TABLE = (
    Queue("slipway-events", CONTROL, (EVENTS,)),
    Queue("slipway-inspect-push", CONTROL, (INSPECT,)),
    Queue("slipway-people", CONTROL, ("notify", "ask-approval")),
    Queue("slipway-reports-nonprod", CONTROL, ("reports-nonprod",), reports_of=NONPROD),
    Queue("slipway-reports-production", CONTROL, ("reports-production",), reports_of=PRODUCTION),
    Queue("slipway-build", NONPROD, ("build",)),
    Queue("slipway-quick", NONPROD, ("cancel", "tag", "gather-facts", "observe-rollout")),
    Queue("slipway-deploy", NONPROD, ("retag", "deploy")),
    Queue("slipway-quick-production", PRODUCTION, ("gather-facts", "observe-rollout")),
    Queue("slipway-retag-production", PRODUCTION, ("retag",)),
    Queue("slipway-deploy-production", PRODUCTION, ("deploy",)),
)
QUEUES: Mapping[str, Queue] = {one.name: one for one in _TABLE}
_OF_KIND: Mapping[tuple[str, bool], str] = {
    (kind, one.worker == PRODUCTION): one.name for one in _TABLE for kind in one.kinds
}
_REPORTS: Mapping[str, str] = {one.reports_of: one.name for one in _TABLE if one.reports_of}
EVENTS_QUEUE, INSPECT_QUEUE = _OF_KIND[EVENTS, False], _OF_KIND[INSPECT, False]


def queue_of(kind: str, worker: str = NONPROD) -> str:
    """Return the queue that messages of a kind go to, production's own or the others'; raise KeyError for an unknown kind."""
    return _OF_KIND[kind, worker == PRODUCTION]


def reports_queue_of(worker: str) -> str:
    """Return the queue that a worker sends its reports to; raise KeyError for one that decides itself."""
    return _REPORTS[worker]


def taker_of(kind: str) -> str:
    """Return who takes messages of a kind that are about no environment of production's; raise KeyError for an unknown kind."""
    return QUEUES[queue_of(kind)].worker


def poison_of(queue: str) -> str:
    """Return the queue that a host moves messages to which failed too often."""
    return f"{queue}{POISON}"
