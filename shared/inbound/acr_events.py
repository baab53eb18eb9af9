"""Azure Container Registry's events as Event Grid brings them, in either of its schemas.

https://learn.microsoft.com/azure/event-grid/event-schema-container-registry
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.inbound import acr_hook
from shared.inbound.json_body import Id, Text, bad, decode, read_object
from shared.inbound.registry_message import RegistryMessage

_ACTIONS: Mapping[str, str] = {
    "Microsoft.ContainerRegistry.ImagePushed": acr_hook.PUSH,
    "Microsoft.ContainerRegistry.ImageDeleted": acr_hook.DELETE,
    "Microsoft.ContainerRegistry.ChartPushed": acr_hook.CHART_PUSH,
    "Microsoft.ContainerRegistry.ChartDeleted": acr_hook.CHART_DELETE,
}
_REGISTRIES = "/registries/"


def read_event(*, id_: object, type_: object, source: object, data: object) -> RegistryMessage:
    """Return what an event says happened; `source` is the registry's resource. Raise Unacceptable naming the field.

    The id is Event Grid's: it stays the same when an event is delivered again. The platform hands on whatever was sent,
    so that each part may be missing, or be something else than its type says.
    """
    name = decode(type_, Text | None, "type") or ""
    action = _ACTIONS.get(name)
    if action is None:
        return RegistryMessage(passed_over=(f"the type {name[:100]} is none of a registry's that count",))
    registry = _login_server(decode(source, Text | None, "source") or "")
    change, at = _object(data)
    return acr_hook.read_message(decode(id_, Id, "id"), action, change, registry=registry, at=at)


def _object(data: object) -> tuple[Mapping[str, object], str]:
    """Return the object, and what its fields are called after."""
    if isinstance(data, str):
        # Some of Azure's publishers send an object written down as text.
        return read_object(data.encode("utf-8", "surrogatepass")), ""
    if not isinstance(data, dict):
        raise bad("data", "is not an object")
    return data, "data"


def _login_server(source: str) -> str:
    """Return a registry's host by its resource: events of charts name none. Other clouds than the public one differ."""
    name = source.casefold().rpartition(_REGISTRIES)[2] if _REGISTRIES in source.casefold() else ""
    return f"{name}.azurecr.io" if name.isascii() and name.isalnum() else ""
