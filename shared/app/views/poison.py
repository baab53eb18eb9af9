"""Messages in poison as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.app import poison
from shared.app.parts import App
from shared.app.views.people import PersonView
from shared.app.views.release import person_view
from shared.domain.poison import PoisonMessage, Settling

COUNTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledView:
    """Who had a message delivered again, or dismissed it, and why."""

    how: Settling
    person: PersonView | None
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonView:
    """A message that failed as often as it may. `sha256` is that of its body, `size` in bytes.

    `type`, `message` (its id), `service` and `correlation` are what it said of itself, empty where that cannot be read.
    """

    number: int
    queue: str
    at: datetime
    type: str
    message: str
    service: str
    correlation: str
    reason: str
    sha256: str
    size: int
    settled: SettledView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonDetail(PoisonView):
    """One message with its body as text; what is no text shows as marks.

    Of one that was too large for a queue it is what was kept as evidence; `sha256` and `size` are those of the small one that named it.
    """

    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonPage:
    """Messages that nobody has settled, the newest first; `next` is what to ask for after them, None at the end."""

    messages: tuple[PoisonView, ...]
    next: int | None


def poison_view(found: PoisonMessage) -> PoisonView:
    """Describe a message."""
    return PoisonView(**_said(found))


def poison_detail(app: App, number: int) -> PoisonDetail:
    """Read one message, settled or not; raise NotKnown."""
    found = poison.poison(app, number)
    return PoisonDetail(**_said(found), body=poison.text_of(app, found))


def poison_page(app: App, *, after: int, most: int) -> PoisonPage:
    """Read a page of open ones."""
    found = poison.open_poison(app, after=after, most=most + 1)
    shown = tuple(poison_view(one) for one in found[:most])
    return PoisonPage(messages=shown, next=shown[-1].number if shown and len(found) > most else None)


def count_poison(app: App) -> int:
    """Count the open ones, up to a hundred: more are as bad."""
    return len(poison.open_poison(app, most=COUNTED))


def _said(found: PoisonMessage) -> dict[str, Any]:
    settled = found.settled
    return {
        "number": found.number,
        "queue": found.queue,
        "at": found.at,
        "type": found.type,
        "message": found.message,
        "service": found.service,
        "correlation": found.correlation,
        "reason": found.reason,
        "sha256": found.sha256,
        "size": found.size,
        "settled": settled
        and SettledView(how=settled.how, person=person_view(settled.person), at=settled.at, reason=settled.reason),
    }
