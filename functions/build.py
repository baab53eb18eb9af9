"""Queue slipway-build: builds of validations and releases."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import Build
from shared.domain.queues import queue_of

build_blueprint = func.Blueprint()


@build_blueprint.function_name("build")
@build_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(Build.kind),
    connection="AzureWebJobsStorage",
)
def build(msg: func.QueueMessage) -> None:
    """Run or watch a build and report how it ended.

    One that is still under way is looked at again by a later message.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), Build.kind, msg.get_body().decode(), again=(msg.dequeue_count or 1) > 1)
