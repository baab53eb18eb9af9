"""The workers: one function for each queue of the table in shared/domain/messages/queues.py, which says what lies there and who takes it."""

from __future__ import annotations

from collections.abc import Mapping

import azure.functions as func

from shared.bootstrap import app
from shared.domain.messages.queues import CONTROL, EVENTS_QUEUE, NONPROD, PRODUCTION, QUEUES, SLIPWAY
from shared.storage_settings import TRIGGERS

_NAMES: Mapping[str, str] = {EVENTS_QUEUE: "event_worker"}


def name_of(queue: str) -> str:
    """Return the name of the function that takes from a queue: the queue's own, as Python writes it."""
    return _NAMES.get(queue, queue.removeprefix(SLIPWAY).replace("-", "_"))


def _blueprint(worker: str) -> func.Blueprint:
    made = func.Blueprint()
    for queue in QUEUES.values():
        if queue.worker == worker:
            _register(made, queue.name)
    return made


def _register(blueprint: func.Blueprint, queue: str) -> None:
    @blueprint.function_name(name_of(queue))
    @blueprint.queue_trigger(arg_name="msg", queue_name=queue, connection=TRIGGERS)
    def take(msg: func.QueueMessage) -> None:
        """Do what a message asks for, if it is still wanted; done twice it is harmless.

        What this raises brings the message back, and after five times to the poison queue. What is out of reach, or not
        finished yet, is no failure: a later message looks again.
        """
        from shared.app.take_message import take_message

        take_message(app(), queue, msg.get_body().decode(), redelivered=(msg.dequeue_count or 1) > 1)


workers: Mapping[str, func.Blueprint] = {role: _blueprint(role) for role in (CONTROL, NONPROD, PRODUCTION)}
