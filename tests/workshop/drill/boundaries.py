"""Where a host can die: a kind of work, and a place in the way that each piece of it goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import get_args

from shared.codec.envelope import parse, read_message
from shared.domain.messages.effects import ServiceEffect
from shared.domain.messages.queues import queue_of
from shared.domain.values.records import type_name


class Place(StrEnum):
    """The places of one piece of work. An effect reports what it did; anything else commits what it leads to.

    What a message led to is on disk later than its call has returned, and before anybody sees it.
    """

    RECEIVED = "received"
    BEFORE_ACT = "before act"
    IN_ACT = "in the act"
    AFTER_ACT = "after act"
    BEFORE_REPORT = "before report"
    AFTER_REPORT = "after report"
    BEFORE_COMMIT = "before commit"
    AFTER_COMMIT = "after commit"
    ON_DISK = "on disk"
    BEFORE_SEND = "before send"
    AFTER_SEND = "after send"
    BEFORE_ACKNOWLEDGE = "before acknowledge"
    AFTER_ACKNOWLEDGE = "after acknowledge"


INSPECT = "inspect-push"
EFFECTS = tuple(str(kind.__struct_config__.tag) for kind in get_args(ServiceEffect))
# Nobody tells a local host that a build elsewhere has ended: it builds itself.
_OF_BUILDS_ELSEWHERE = "look-at-build"
EFFECT_KINDS = (INSPECT, *(kind for kind in EFFECTS if kind != _OF_BUILDS_ELSEWHERE))
# Messages of the doors' queue, requests of hooks, requests of people, and what a host sends of its own at its start.
EVENT, HOOK, API, START = "event", "hook", "api", "start"
# The two pushes within a build: each has a before and an after.
PUSH_IMAGE, PUSH_CHART = "push-image", "push-chart"
KINDS = (*EFFECT_KINDS, PUSH_IMAGE, PUSH_CHART, EVENT, HOOK, API, START)


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work: the same id each time it is delivered."""

    kind: str
    id: str

    @property
    def reports(self) -> bool:
        """Whether it is an effect, whose commit is its report."""
        return self.kind in EFFECTS


@dataclass(frozen=True, slots=True, order=True)
class Boundary:
    """A place on the way of one kind of work."""

    kind: str
    place: Place

    def __str__(self) -> str:
        return f"{self.kind} / {self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Die where the n-th piece of that kind of work passes that place; in the act, so many seconds after its beginning."""

    kind: str
    place: str
    nth: int = 1
    after: float = 0.0

    def encode(self) -> str:
        """Write it as an argument of a command."""
        return json.dumps(asdict(self))

    @staticmethod
    def decode(text: str) -> Death:
        """Read it back."""
        return Death(**json.loads(text))


def work_of(queue: str, body: str) -> Work:
    """Say what a message is about; an effect that is sent again is the same work."""
    about = parse(body).message
    if about.type in EFFECTS:
        message = read_message(body)
        assert message.effect is not None
        id_, number = message.effect.id, message.delivery.effect_number
        return Work(type_name(message.effect), f"{id_}#{number}" if number else id_)
    return Work(INSPECT if queue == queue_of(INSPECT) else EVENT, about.id)


def request_of(method: str, path: str, number: int, headers: Mapping[str, str]) -> Work | None:
    """Say what an HTTP request is about; reading changes nothing and is not watched."""
    if method in ("GET", "HEAD"):
        return None
    if "/api/hooks/" in path:
        return Work(HOOK, f"{path}#{number}")
    return Work(API, f"{method} {path} {headers.get('idempotency-key') or number}")
