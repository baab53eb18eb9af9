"""Messages as they go to poison, and people who settle them."""

from __future__ import annotations

import json
from typing import Any

from shared.app.operating.poison import open_poison, settle, take_poison
from shared.codec.envelope import encode_event
from shared.domain.messages import events as ev
from shared.domain.messages.queues import EVENTS_QUEUE
from shared.domain.state.poison import PoisonMessage, Settling
from shared.domain.values.person import Person
from tests.support.app_parts import DELIVERY, Harness
from tests.support.clock import NOON
from tests.support.outside import RITA, SHIPPING

ASK = ev.TimePassed(id="t-1", service=DELIVERY)
PUSH = ev.PushReceived(id="p-1", repository=SHIPPING, ref="refs/heads/main")


def written(event: ev.ServiceEvent | ev.HookEvent, **changes: Any) -> bytes:
    """An event as a queue carries it, with parts of its envelope or of itself changed."""
    envelope = json.loads(encode_event(event, correlation="c-1", at=NOON))
    for name, value in changes.items():
        next((one for one in (envelope, envelope["delivery"]) if name in one), envelope["message"])[name] = value
    return json.dumps(envelope).encode()


def poisoned(
    slipway: Harness, body: bytes = b"{", *, queue: str = EVENTS_QUEUE, delivery: str = "m-1", why: str = ""
) -> PoisonMessage:
    """Have a message taken from a poison queue; the newest one that is kept."""
    take_poison(slipway.app, queue, body, delivery, why=why)
    return open_poison(slipway.app, most=1)[0]


def settled(
    slipway: Harness, number: int, how: Settling = Settling.REQUEUED, *, key: str = "", person: Person = RITA
) -> PoisonMessage:
    """Settle one as somebody at the API does."""
    caller = slipway.caller(f"POST /api/poison/{number}/{how}", key, person)
    return settle(slipway.app, caller, number, how, "mended")
