"""Queue slipway-deploy: deployments and removals."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import Deploy
from shared.domain.queues import queue_of

deploy_blueprint = func.Blueprint()


@deploy_blueprint.function_name("deploy")
@deploy_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(Deploy.kind),
    connection="AzureWebJobsStorage",
)
def deploy(msg: func.QueueMessage) -> None:
    """Apply an artifact to an environment, after reading once more that it is still wanted.

    One that was done before is found and not done again.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), Deploy.kind, msg.get_body().decode(), again=(msg.dequeue_count or 1) > 1)
