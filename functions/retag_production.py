"""Queue slipway-retag-production: image and chart into production's registry namespace."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import Retag
from shared.domain.queues import PRODUCTION, queue_of

retag_production_blueprint = func.Blueprint()


@retag_production_blueprint.function_name("retag_production")
@retag_production_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(Retag.kind, PRODUCTION),
    connection="AzureWebJobsStorage",
)
def retag_production(msg: func.QueueMessage) -> None:
    """Copy them by digest with the identity of the environment, after reading once more that it is still wanted.

    What is there already stays as it is.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), Retag.kind, msg.get_body().decode(), PRODUCTION, again=(msg.dequeue_count or 1) > 1)
