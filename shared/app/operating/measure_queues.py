"""How long queues are, and how old what lies in them: asked at each tick, where somebody takes measures.

Looking costs requests of storage, so that nobody looks where nobody listens.
"""

from __future__ import annotations

from shared.app.parts import App
from shared.domain.messages.queues import QUEUES
from shared.ports.queues import QUEUE_AGE, QUEUE_LENGTH
from shared.telemetry import exporting, measure


def measure_queues(app: App) -> None:
    """Measure each queue. A poison queue is emptied by a worker, and what lay in it shown elsewhere."""
    if app.queue_look is None or not exporting():
        return
    for queue, level in app.queue_look.levels(tuple(QUEUES)).items():
        age = (app.now() - level.oldest).total_seconds() if level.oldest else 0.0
        measure(QUEUE_LENGTH, level.length, queue=queue)
        measure(QUEUE_AGE, max(age, 0.0), queue=queue)
