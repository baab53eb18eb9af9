"""An event of Event Grid in both of the schemas that a subscription may choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What a container registry tells of a push.
DATA = {
    "id": "831e1650-001e-001b-66ab-eeb76e069631",
    "timestamp": "2026-11-23T12:00:00.1234567Z",
    "action": "push",
    "target": {
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "size": 524,
        "digest": "sha256:fea8895f450959fa676bcc1df0611ea93823a735a01205fd8622846041d0c7cf",
        "length": 524,
        "repository": "delivery",
        "tag": "v1.0.2",
    },
    "request": {"id": "7c66f28b-de19-40a4-821c-6f5f6c0003a4", "host": "fabrikam.azurecr.io", "method": "PUT"},
}
_REGISTRY = "/subscriptions/1/resourceGroups/1/providers/Microsoft.ContainerRegistry/registries/fabrikam"
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "EventGridEvent": {
        "id": DATA["id"],
        "topic": _REGISTRY,
        "subject": "delivery:v1.0.2",
        "eventType": "Microsoft.ContainerRegistry.ImagePushed",
        "eventTime": DATA["timestamp"],
        "data": DATA,
        "dataVersion": "1.0",
        "metadataVersion": "1",
    },
    "CloudEvent": {
        "specversion": "1.0",
        "id": DATA["id"],
        "source": _REGISTRY,
        "subject": "delivery:v1.0.2",
        "type": "Microsoft.ContainerRegistry.ImagePushed",
        "time": DATA["timestamp"],
        "data": DATA,
    },
}
