"""Which effect comes to nothing with a message that went to poison: whatever waits for it is told."""

from __future__ import annotations

from shared.app.handling.loaded_service import read_service
from shared.app.handling.take_report import effect_of
from shared.app.parts import App
from shared.codec.envelope import ReadMessage
from shared.domain.messages.effects import ServiceEffect
from shared.domain.messages.queues import PRODUCTION, QUEUES, Queue
from shared.domain.messages.reports import REPORTS
from shared.domain.messages.workers import worker_of


def effect_lost(app: App, queue: str, message: ReadMessage) -> str:
    """Name the effect that nobody will hear of any more, by its own message or by its worker's report; empty for none."""
    found, effect, event = QUEUES.get(queue), message.effect, message.event
    if found is None:
        return ""
    if effect is not None:
        return effect.id if _belongs(app, found, effect) else ""
    if found.reports_of and isinstance(event, REPORTS):
        return effect_of(app, found, event, message.delivery)
    return ""


def _belongs(app: App, found: Queue, effect: ServiceEffect) -> bool:
    """Whether an effect lay where such effects lie: who may write elsewhere only must not end what others do."""
    if effect.kind not in found.kinds:
        return False
    right = worker_of(effect, read_service(app, effect.service).state, app.production)
    return found.worker in (right, PRODUCTION)
