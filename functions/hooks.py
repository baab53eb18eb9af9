"""Hooks: repositories and registries say that something happened. It is queued, and the workers decide what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func

from functions.helpers.accepting import accept, put
from functions.helpers.answers import headers_of
from functions.helpers.http import HttpFunctions
from shared.bootstrap import settings
from shared.openapi.operation import Operation
from shared.openapi.registry_bodies import BODIES

if TYPE_CHECKING:
    from shared.domain.messages.events import RegistryEvent
    from shared.inbound.registry_message import RegistryMessage

hooks = HttpFunctions()


@hooks.post(
    "api/hooks/git",
    Operation(
        tag="hooks",
        who="secret",
        body="git_hook.PushBody",
        example={
            "id": "5f1c2e3a-1",
            "repository": "shipping",
            "refs": [
                {
                    "ref": "refs/heads/release/delivery/v1.0.2",
                    "before": "0000000000000000000000000000000000000000",
                    "after": "1f7a7a472abf3dd9643fd615f6da379c4acb3e3a",
                }
            ],
            "pusher": {"name": "Ada Author", "mail": "ada@example.com"},
        },
        answer="AcceptedView",
        status=202,
    ),
)
def git_pushed(req: func.HttpRequest) -> func.HttpResponse:
    """Queue what a repository's hook says; the worker reads what the refs point at.

    A sender that can't know our state is told no only for its secret, the size or the shape of what it sends.
    """
    from shared.inbound.git_hook import read_pushes

    return accept(req, settings().hook_secrets, read_pushes)


@hooks.post(
    "api/hooks/registry",
    Operation(
        tag="hooks",
        who="secret",
        body=BODIES[0].record,
        example=BODIES[0].example,
        bodies=BODIES[1:],
        answer="AcceptedView",
        status=202,
        bearer=True,
        code=True,
    ),
)
def registry_pushed(req: func.HttpRequest) -> func.HttpResponse:
    """Queue what a registry says; digests are hints, and are read back before they count.

    CNCF distribution, Azure Container Registry and Docker Hub are told apart by their bodies. A registry can be told a
    header or a bearer token; either holds the secret. Docker Hub knows neither: its address ends in `?code=` and the secret.
    """
    from shared.inbound.registry_body import read_changes, read_docker_hub, secret_in_address

    headers = headers_of(req)
    by_address = secret_in_address(headers, req.params)
    read = read_changes if by_address is None else read_docker_hub
    return accept(
        req,
        settings().registry_hook_secrets,
        lambda body: _events(read(body)),
        bearer=True,
        headers=headers if by_address is None else by_address,
    )


def _events(message: RegistryMessage) -> tuple[RegistryEvent, ...]:
    from shared.telemetry import log_event

    if message.passed_over:
        log_event("hook.passed_over", reasons=message.passed_over)
    return message.events


@hooks.blueprint.function_name("registry_changed")
@hooks.blueprint.event_grid_trigger(arg_name="event")
def registry_changed(event: func.EventGridEvent) -> None:
    """Queue what a registry says, in either schema of Event Grid. Who may deliver here is known by the host's system key.

    What it raises has the event delivered again, for a day; so it raises only where that can help.
    """
    from shared.inbound.problems import Unacceptable
    from shared.telemetry import log_event, log_warning

    try:
        message = _read(event)
    except Unacceptable as error:
        log_warning("event.unreadable", id=str(event.id)[:200], reason=str(error))
        return
    if message.passed_over:
        log_event("event.passed_over", id=str(event.id)[:200], reasons=message.passed_over)
        return
    try:
        put(message.events)
    except Exception as error:
        log_warning("event.not_queued", id=event.id, reason=str(error))
        raise


def _read(event: func.EventGridEvent | func.CloudEvent) -> RegistryMessage:
    from shared.inbound.acr_events import read_event

    # CloudEvents arrive as CloudEvent, whatever a function's annotation says.
    if isinstance(event, func.CloudEvent):
        return read_event(id_=event.id, type_=event.type, source=event.source, data=event.get_json())
    return read_event(id_=event.id, type_=event.event_type, source=event.topic, data=event.get_json())
