"""Queue slipway-observe-rollout: rollouts that have to settle."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import ObserveRollout
from shared.domain.queues import queue_of

observe_rollout_blueprint = func.Blueprint()


@observe_rollout_blueprint.function_name("observe_rollout")
@observe_rollout_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(ObserveRollout.kind),
    connection="AzureWebJobsStorage",
)
def observe_rollout(msg: func.QueueMessage) -> None:
    """Look at a rollout: report how it ended, or look again later.

    Nothing runs in between: a later message looks again.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), ObserveRollout.kind, msg.get_body().decode(), again=(msg.dequeue_count or 1) > 1)
