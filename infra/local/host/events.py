"""Event Grid's deliveries to a web hook, in both of its schemas.

https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import azure.functions as func

_CLOUD = frozenset(["id", "source", "type", "specversion", "time", "subject", "datacontenttype", "dataschema", "data"])


class BadEvents(ValueError):
    """The body is no delivery of Event Grid."""


def validation_code(events: list[Mapping[str, object]]) -> str | None:
    """Return the code of a subscription's handshake, None for events."""
    first = events[0] if events else {}
    data = first.get("data")
    if first.get("eventType") != "Microsoft.EventGrid.SubscriptionValidationEvent" or not isinstance(data, dict):
        return None
    return str(data.get("validationCode", ""))


def read_events(body: bytes) -> list[Mapping[str, object]]:
    """Return the events of a delivery: an array, or the single object of CloudEvents; raise BadEvents."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise BadEvents("the body is not JSON") from error
    events = found if isinstance(found, list) else [found]
    if not all(isinstance(event, dict) for event in events):
        raise BadEvents("an event is not an object")
    return events


def as_argument(event: Mapping[str, object]) -> func.EventGridEvent | func.CloudEvent:
    """Return what Azure passes to the function: CloudEvents arrive as CloudEvent whatever the parameter's annotation."""
    data = event.get("data")
    if "specversion" in event:
        extensions = {name: value for name, value in event.items() if name not in _CLOUD}
        return func.CloudEvent(
            id=_text(event, "id"),
            source=_text(event, "source"),
            type=_text(event, "type"),
            specversion=_text(event, "specversion"),
            data=data,
            time=_time(event.get("time")),
            subject=_optional(event, "subject"),
            datacontenttype=_optional(event, "datacontenttype"),
            dataschema=_optional(event, "dataschema"),
            **extensions,
        )
    if not isinstance(data, dict):
        raise BadEvents("an event has no data")
    return func.EventGridEvent(
        id=_text(event, "id"),
        data=data,
        topic=str(event.get("topic", "")),
        subject=_text(event, "subject"),
        event_type=_text(event, "eventType"),
        event_time=_time(event.get("eventTime")),
        data_version=str(event.get("dataVersion", "")),
    )


def _text(event: Mapping[str, object], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str):
        raise BadEvents(f"an event has no {name}")
    return value


def _optional(event: Mapping[str, object], name: str) -> str | None:
    value = event.get(name)
    return None if value is None else str(value)


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadEvents(f"{value!r} is not a time") from error
