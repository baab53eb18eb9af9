"""Queue slipway-ask-approval: questions to people, and their end."""

from __future__ import annotations

import azure.functions as func

from shared.domain.effects import AskApproval
from shared.domain.queues import queue_of

ask_approval_blueprint = func.Blueprint()


@ask_approval_blueprint.function_name("ask_approval")
@ask_approval_blueprint.queue_trigger(
    arg_name="msg",
    queue_name=queue_of(AskApproval.kind),
    connection="AzureWebJobsStorage",
)
def ask_approval(msg: func.QueueMessage) -> None:
    """Put a numbered question where approvers look, or close it.

    Asking twice shows one question; a question that is closed is not put any more.
    """
    from shared.app.take_message import take_effect
    from shared.bootstrap import app

    take_effect(app(), AskApproval.kind, msg.get_body().decode(), again=(msg.dequeue_count or 1) > 1)
