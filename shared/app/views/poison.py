"""Messages in poison as people read them."""

from __future__ import annotations

from shared.app.operating import poison
from shared.app.parts import App
from shared.app.views.records import PersonView
from shared.app.views.view import View
from shared.domain.state.poison import Settling
from shared.domain.values.records import Time

COUNTED = 100


class SettledView(View):
    """Who had a message delivered again, or dismissed it, and why."""

    how: Settling
    person: PersonView | None
    at: Time
    reason: str


class PoisonView(View):
    """A message that failed as often as it may. `sha256` is that of its body, `size` in bytes.

    `type`, `message` (its id), `service` and `correlation` are what it said of itself, empty where that cannot be read.
    """

    number: int
    queue: str
    at: Time
    type: str
    message: str
    service: str
    correlation: str
    reason: str
    sha256: str
    size: int
    settled: SettledView | None


class PoisonDetail(PoisonView):
    """One message with its body as text; what is no text shows as marks.

    Of one that was too large for a queue it is what was kept as evidence; `sha256` and `size` are those of the small one that named it.
    """

    body: str


class PoisonPage(View):
    """Messages that nobody has settled, the newest first; `next` is what to ask for after them, None at the end."""

    messages: tuple[PoisonView, ...]
    next: int | None


def poison_detail(app: App, number: int) -> PoisonDetail:
    """Read one message, settled or not; raise NotKnown."""
    found = poison.poison(app, number)
    return PoisonDetail.of(found, body=poison.text_of(app, found))


def poison_page(app: App, *, after: int, most: int) -> PoisonPage:
    """Read a page of open ones."""
    found = poison.open_poison(app, after=after, most=most + 1)
    shown = tuple(PoisonView.of(one) for one in found[:most])
    return PoisonPage(messages=shown, next=shown[-1].number if shown and len(found) > most else None)


def count_poison(app: App) -> int:
    """Count the open ones, up to a hundred: more are as bad."""
    return len(poison.open_poison(app, most=COUNTED))
