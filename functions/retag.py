"""Queue slipway-retag: copies into an environment's own registry namespace."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import Retag
from shared.domain.queues import queue_of

retag_blueprint = func.Blueprint()


@retag_blueprint.function_name("retag")
@retag_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(Retag.kind),
    connection="AzureWebJobsStorage",
)
def retag(msg: func.QueueMessage) -> None:
    """Copy image and chart by digest, and report it.

    A tag that holds the digest already is left alone; one that holds another is never overwritten.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), Retag.kind, msg.get_body().decode(), again=(msg.dequeue_count or 1) > 1)
