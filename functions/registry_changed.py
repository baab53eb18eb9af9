"""Event Grid: an Azure Container Registry says that something was pushed or deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func

from functions.doors import put

if TYPE_CHECKING:
    from shared.inbound.heard import Heard

registry_changed_blueprint = func.Blueprint()


@registry_changed_blueprint.function_name("registry_changed")
@registry_changed_blueprint.event_grid_trigger(arg_name="event")
def registry_changed(event: func.EventGridEvent) -> None:
    """Queue what a registry says, in either schema of Event Grid. Who may deliver here is known by the host's system key.

    What it raises has the event delivered again, for a day; so it raises only where that can help.
    """
    from shared.inbound.problems import Unacceptable
    from shared.telemetry import log_event, log_warning

    try:
        heard = _read(event)
    except Unacceptable as error:
        log_warning("event.unreadable", id=str(event.id)[:200], reason=str(error))
        return
    if heard.passed_over:
        log_event("event.passed_over", id=str(event.id)[:200], reasons=heard.passed_over)
        return
    try:
        put(heard.events)
    except Exception as error:
        log_warning("event.not_queued", id=event.id, reason=str(error))
        raise


def _read(event: func.EventGridEvent | func.CloudEvent) -> Heard:
    from shared.inbound.acr_events import read_event

    # CloudEvents arrive as CloudEvent, whatever a function's annotation says.
    if isinstance(event, func.CloudEvent):
        return read_event(id_=event.id, type_=event.type, source=event.source, data=event.get_json())
    return read_event(id_=event.id, type_=event.event_type, source=event.topic, data=event.get_json())
