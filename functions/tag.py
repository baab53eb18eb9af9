"""Queue slipway-tag: lets the tags of a version name what was built."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import Tag
from shared.domain.queues import queue_of

tag_blueprint = func.Blueprint()


@tag_blueprint.function_name("tag")
@tag_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(Tag.kind),
    connection="AzureWebJobsStorage",
)
def tag(msg: func.QueueMessage) -> None:
    """Tag chart and image, in this order, and report it.

    A tag that names the digest already is left alone; one that names another is never overwritten.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), Tag.kind, msg.get_body().decode(), again=(msg.dequeue_count or 1) > 1)
