"""Queue slipway-gather-facts: what gates and tags need to know of the outside."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import GatherFacts
from shared.domain.queues import queue_of

gather_facts_blueprint = func.Blueprint()


@gather_facts_blueprint.function_name("gather_facts")
@gather_facts_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(GatherFacts.kind),
    connection="AzureWebJobsStorage",
)
def gather_facts(msg: func.QueueMessage) -> None:
    """Read it and report it with its time.

    Rules never fetch: a gate that misses a fact asks for it here and waits.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), GatherFacts.kind, msg.get_body().decode(), again=(msg.dequeue_count or 1) > 1)
