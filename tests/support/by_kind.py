"""Messages by their kind: several kinds share a queue, and a test delivers some of them and leaves others where they lie."""

from __future__ import annotations

import functools
import heapq
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from shared.codec.envelope import decode
from shared.domain.messages.queues import EVENTS, INSPECT, PRODUCTION, QUEUES, Queue
from shared.domain.values.errors import SlipwayError
from shared.ports.queues import Received

# The order in which a post without a seed delivers them; a kind that is not named here comes last.
_FIRST_OF_ALL = (
    EVENTS,
    INSPECT,
    "build",
    "cancel",
    "tag",
    "gather-facts",
    "ask-approval",
    "retag",
    "deploy",
    "observe-rollout",
    "notify",
)
ALL_KINDS = tuple(dict.fromkeys((*_FIRST_OF_ALL, *(kind for queue in QUEUES.values() for kind in queue.kinds))))
_FIRST, _NOW = 0, timedelta(0)


@functools.cache
def queues_of(kind: str) -> Sequence[Queue]:
    """The queues that hold messages of a kind, production's the last."""
    found = (queue for queue in QUEUES.values() if kind in queue.kinds)
    return tuple(sorted(found, key=lambda queue: queue.worker == PRODUCTION))


def receive_one(receiver: Any, kind: str, lease: timedelta) -> Sequence[Received]:
    """Lease the message of a kind that comes first, whoever performs it."""
    for queue in queues_of(kind):
        if len(queue.kinds) == 1 or _brought_forward(receiver, queue, kind):
            found: Sequence[Received] = receiver.receive(queue.name, most=1, visibility=lease, wait=_NOW)
            if found:
                return found
    return []


def lying(receiver: Any) -> frozenset[str]:
    """The kinds whose queues hold anything, seen or not; what other processes have sent is looked for first."""
    receiver.receive(next(iter(QUEUES)), most=0, visibility=_NOW, wait=_NOW)
    queues = (QUEUES[name] for name in receiver._delivery.sizes() if name in QUEUES)
    return frozenset(kind for queue in queues for kind in queue.kinds)


def count(receiver: Any, kinds: Iterable[str]) -> int:
    """How many messages of some kinds there are, leased and delayed ones included."""
    wanted = set(kinds)
    return sum(_count(receiver, queue, wanted) for queue in QUEUES.values() if wanted & set(queue.kinds))


def _count(receiver: Any, queue: Queue, wanted: set[str]) -> int:
    if wanted >= set(queue.kinds):
        number: int = receiver.count(queue.name)
        return number
    held = receiver._delivery._known.values()
    return sum(one.queue == queue.name and kind_of(one.queue, one.body) in wanted for one in held)


@functools.lru_cache(maxsize=4096)
def kind_of(queue: str, body: str) -> str:
    """The kind of a message; one that cannot be read is of the first kind that its queue is for."""
    try:
        effect = decode(body).effect
    except SlipwayError:
        effect = None
    return effect.kind if effect is not None else QUEUES[queue].kinds[0]


def _brought_forward(receiver: Any, queue: Queue, kind: str) -> bool:
    """Let the next message of a kind that can be seen be the first of its queue; whether there is one."""
    receiver.receive(queue.name, most=0, visibility=_NOW, wait=_NOW)  # looks for what other processes have sent
    delivery = receiver._delivery
    with delivery._lock:
        line = delivery._lines[queue.name]
        delivery._turn(line, delivery._elapsed())
        for _, token, parcel in sorted(line.turns, key=lambda entry: entry[:2]):
            if delivery._current((_, token, parcel)) and kind_of(queue.name, parcel.body) == kind:
                heapq.heappush(line.turns, (_FIRST, token, parcel))
                return True
    return False
