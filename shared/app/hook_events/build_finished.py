"""A host's hint: whose build it is whose run is said to have ended."""

from __future__ import annotations

from shared.app.handling.handle_event import handle
from shared.app.handling.loaded_service import read_service
from shared.app.hook_events.configuration import policy_in_force
from shared.app.parts import App
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import BuildEnded, BuildFinished
from shared.telemetry import log_event


def build_finished(app: App, event: BuildFinished) -> None:
    """Tell the service whose build runs under this handle; nobody's run means nothing, and is asked for at times anyway."""
    policy = policy_in_force(app, event.repository)
    for service in (one.service for one in policy.services) if policy and event.handle else ():
        for run, _ in read_service(app, service).state.builds_under_way():
            if run.handle.id == event.handle:
                ended = BuildEnded(id=f"build:{event.id}", service=service, number=run.number, attempt=run.attempt)
                handle(app, ended, Delivery(correlation=event.id))
                return
    log_event("build.ignored", repository=event.repository, handle=event.handle, reason="no build runs under it")
