"""Queue slipway-cancel: builds whose result no longer counts; it waits behind no build."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import CancelBuild
from shared.domain.queues import queue_of

cancel_build_blueprint = func.Blueprint()


@cancel_build_blueprint.function_name("cancel_build")
@cancel_build_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(CancelBuild.kind),
    connection="AzureWebJobsStorage",
)
def cancel_build(msg: func.QueueMessage) -> None:
    """Stop a build.

    A build that has ended already stays as it is.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), CancelBuild.kind, msg.get_body().decode(), again=(msg.dequeue_count or 1) > 1)
