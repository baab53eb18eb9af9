"""Queue slipway-events: what the doors took in."""

from __future__ import annotations

import azure.functions as func

from shared.domain.queues import EVENTS_QUEUE

event_worker_blueprint = func.Blueprint()


@event_worker_blueprint.function_name("event_worker")
@event_worker_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=EVENTS_QUEUE,
    connection="AzureWebJobsStorage",
)
def event_worker(msg: func.QueueMessage) -> None:
    """Decide what an event means to its service; a push and a pushed tag find their services first.

    What it raises brings the message back, and after five times to the poison queue; what is out of reach is no failure.
    """
    from shared.app.take_message import take_event
    from shared.bootstrap import app

    take_event(app(), msg.get_body().decode(), again=(msg.dequeue_count or 1) > 1)
