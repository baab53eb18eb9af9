"""Queue slipway-inspect-push: a push, before it is known which services it concerns."""

from __future__ import annotations

import azure.functions as func

from shared.domain.queues import INSPECT, queue_of

inspect_push_blueprint = func.Blueprint()


@inspect_push_blueprint.function_name("inspect_push")
@inspect_push_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(INSPECT),
    connection="AzureWebJobsStorage",
)
def inspect_push(msg: func.QueueMessage) -> None:
    """Read what the push changed, and tell each service that it concerns.

    Reading a repository takes a while, which is why it has a queue of its own.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), INSPECT, msg.get_body().decode(), again=(msg.dequeue_count or 1) > 1)
