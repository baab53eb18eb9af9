"""Queue slipway-gather-facts-production: what gates need to know of production."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import GatherFacts
from shared.domain.queues import PRODUCTION, queue_of

gather_facts_production_blueprint = func.Blueprint()


@gather_facts_production_blueprint.function_name("gather_facts_production")
@gather_facts_production_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(GatherFacts.kind, PRODUCTION),
    connection="AzureWebJobsStorage",
)
def gather_facts_production(msg: func.QueueMessage) -> None:
    """Read it with the identity of the environment, and report it with its time.

    Rules never fetch: a gate that misses a fact asks for it here and waits.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), GatherFacts.kind, msg.get_body().decode(), PRODUCTION, again=(msg.dequeue_count or 1) > 1)
