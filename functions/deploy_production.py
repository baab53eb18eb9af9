"""Queue slipway-deploy-production: deployments to production, and removals."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import Deploy
from shared.domain.queues import PRODUCTION, queue_of

deploy_production_blueprint = func.Blueprint()


@deploy_production_blueprint.function_name("deploy_production")
@deploy_production_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(Deploy.kind, PRODUCTION),
    connection="AzureWebJobsStorage",
)
def deploy_production(msg: func.QueueMessage) -> None:
    """Apply an artifact with the identity of the environment, after reading once more that it is still wanted.

    One that was done before is found and not done again.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), Deploy.kind, msg.get_body().decode(), PRODUCTION, again=(msg.dequeue_count or 1) > 1)
