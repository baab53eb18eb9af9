"""Looking into a running application: what it has asked for and not heard of, its hints, its latest entry."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from shared.app.handling.at_least_once import overtaken
from shared.app.take_message import take_message
from shared.codec.envelope import decode, encode_effect
from shared.codec.ledger import ENTRIES, LedgerEntry
from shared.domain.drafts.decision import Outcome, SaidOfCommit
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Effect, ServiceEffect
from shared.domain.messages.queues import queue_of
from shared.domain.values.names import ServiceKey
from shared.ports.rows import Row
from shared.ports.store import DueRow, Loaded, Message, OutboxRow, StoreUnavailable, Write
from tests.support.app_parts import DELIVERY, Harness
from tests.support.by_kind import ALL_KINDS
from tests.support.outside import SHIPPING

E = TypeVar("E", bound=Effect)
YEARS = timedelta(days=3650)


def all_but(*kinds: str) -> tuple[str, ...]:
    """Every kind of message but these, to stop short of something."""
    return tuple(kind for kind in ALL_KINDS if kind not in kinds)


def open_effects(slipway: Harness, service: ServiceKey = DELIVERY) -> list[ServiceEffect]:
    """What is in the outbox: asked for, and not known to be done."""
    messages = [decode(one.body) for one in slipway.app.store.read(str(service)).outbox.values()]
    return [message.effect for message in messages if message.effect is not None]


def the(slipway: Harness, kind: type[E], service: ServiceKey = DELIVERY) -> E:
    """The one open effect of a type."""
    [found] = [one for one in open_effects(slipway, service) if isinstance(one, kind)]
    return found


def do(slipway: Harness, effect: ServiceEffect, *, tries: int = 0) -> None:
    """Perform an effect by the message that was sent for it, or by one like it."""
    bodies = [one.body for one in slipway.app.store.read(str(effect.service)).outbox.values()]
    made = encode_effect(effect, Delivery(correlation="c-1"), at=slipway.app.now())
    body = json.loads(next((one for one in bodies if decode(one).effect == effect), made))
    take_message(
        slipway.app, queue_of(effect.kind), json.dumps({**body, "delivery": {**body["delivery"], "tries": tries}})
    )


def decided(slipway: Harness, *effects: ServiceEffect, statuses: tuple[SaidOfCommit, ...] = ()) -> list[str]:
    """Have a decision ask for these effects, and return the messages that are sent for them, which nobody delivers."""
    service, at = str(effects[0].service), slipway.app.now()
    sequence = slipway.app.store.read(service).sequence + 1
    first = sequence * 1000
    bodies = [
        encode_effect(one, Delivery(correlation="c-1", effect_number=first + number), at=at)
        for number, one in enumerate(effects)
    ]
    outbox = tuple(Message(queue=queue_of(one.kind), body=body) for one, body in zip(effects, bodies, strict=True))
    said = LedgerEntry(
        sequence=sequence,
        at=at,
        service=service,
        event_type="x",
        event_id="x",
        outcome=Outcome.NOTED,
        statuses=statuses,
    )
    entry = ENTRIES.encode(said)

    def write(loaded: Loaded) -> Write:
        return Write(ledger=lambda *_: entry, outbox=outbox, done=overtaken(statuses, loaded.outbox))

    slipway.app.store.transact(service, f"d{first}", write)
    return bodies


def policy_row(slipway: Harness, service: str) -> Row:
    """The row that holds a service's policy in force."""
    [row] = slipway.app.rows.list(SHIPPING, prefix=f"service~{service}~")
    return row


def hints(slipway: Harness, service: ServiceKey = DELIVERY) -> list[DueRow]:
    """Every hint that the service must be looked at, whenever that is."""
    rows = slipway.app.store.due(slipway.app.now() + YEARS, most=1000)
    return [row for row in rows if row.service == str(service)]


def latest(slipway: Harness, service: ServiceKey | str = DELIVERY) -> LedgerEntry:
    """The newest entry of a ledger."""
    return slipway.timeline(service)[-1]


def queued(slipway: Harness, kind: str) -> int:
    """How many messages of a kind there are, delayed ones included."""
    return slipway.waiting(kind)


class Mute:
    """Queues of a process that dies after each commit: nothing gets sent."""

    def send(self, queue: str, body: str, *, delay: timedelta = timedelta(0)) -> None:
        """See Queues."""

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """See Queues."""


class Dying(Mute):
    """Queues of a process that dies as it sends what was committed."""

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """See Queues."""
        raise ConnectionResetError("the process died")


class Before:
    """A store in which something happens just before the next transaction."""

    def __init__(self, store: Any, happens: Callable[[], object]) -> None:
        self._store, self._happens = store, [happens]

    def transact(self, *args: Any, **kwargs: Any) -> Any:
        """See Store."""
        if self._happens:
            self._happens.pop()()
        return self._store.transact(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Unreachable:
    """A store that nothing can be read of."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def read(self, service: str, *, exact: bool = True) -> Any:
        """See Store."""
        raise StoreUnavailable(f"{service} is out of reach")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Failing:
    """A store that fails every transaction, or those of one service."""

    def __init__(self, store: Any, error: Exception, service: str = "") -> None:
        self._store, self._error, self._service = store, error, service

    def transact(self, service: str, *args: Any, **kwargs: Any) -> Any:
        """See Store."""
        if self._service in ("", service):
            raise self._error
        return self._store.transact(service, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
