"""Queue slipway-observe-rollout-production: watching production settle."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import ObserveRollout
from shared.domain.queues import PRODUCTION, queue_of

observe_rollout_production_blueprint = func.Blueprint()


@observe_rollout_production_blueprint.function_name("observe_rollout_production")
@observe_rollout_production_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(ObserveRollout.kind, PRODUCTION),
    connection="AzureWebJobsStorage",
)
def observe_rollout_production(msg: func.QueueMessage) -> None:
    """Look with the identity of the environment.

    What has not settled yet is looked at again later.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), ObserveRollout.kind, msg.get_body().decode(), PRODUCTION, again=(msg.dequeue_count or 1) > 1)
