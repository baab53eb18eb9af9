"""Queue slipway-notify: what is said beside commits."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import SetStatus
from shared.domain.queues import queue_of

notify_blueprint = func.Blueprint()


@notify_blueprint.function_name("notify")
@notify_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(SetStatus.kind),
    connection="AzureWebJobsStorage",
)
def notify(msg: func.QueueMessage) -> None:
    """Show a commit's status where its author looks.

    Saying it twice is harmless.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), SetStatus.kind, msg.get_body().decode(), again=(msg.dequeue_count or 1) > 1)
