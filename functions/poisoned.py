"""Poison queues, one for each queue: messages that failed as often as they may."""

from __future__ import annotations

import azure.functions as func

from shared.domain.queues import poison_of, queues

poisoned_blueprint = func.Blueprint()
NAME = "poisoned_"


def _register(queue: str) -> None:
    """Have one queue's poison taken; a function of its own, as a function has one trigger."""

    @poisoned_blueprint.function_name(NAME + queue.removeprefix("slipway-").replace("-", "_"))
    @poisoned_blueprint.queue_trigger(
        arg_name="msg",
        queue_name=poison_of(queue),
        connection="AzureWebJobsStorage",
    )
    def poisoned(msg: func.QueueMessage) -> None:
        """Keep the message where people see it, and tell the service that it was for.

        A poison queue has none of its own: what raises here comes again until it is taken. The local host says why it
        was poisoned; Azure's does not.
        """
        from shared.app.poison import take_poison
        from shared.bootstrap import app

        take_poison(app(), queue, msg.get_body(), msg.id or "", why=getattr(msg, "reason", ""))


for _queue in queues():
    _register(_queue)
