"""Whose message a registry hook's body is: told by its shape, as registries name no format."""

from __future__ import annotations

from collections.abc import Mapping

from shared.inbound import acr_hook, docker_hub, registry_hook
from shared.inbound.json_body import read_object
from shared.inbound.registry_message import RegistryMessage
from shared.inbound.secrets import HEADER, wrong_secret

_ACR = "action"


def read_changes(body: bytes) -> RegistryMessage:
    """Return what any of the registries that are known says. Raise Unacceptable naming the field."""
    found = read_object(body)
    if docker_hub.MARK in found:
        return docker_hub.changes_in(found)
    if registry_hook.MARK not in found and _ACR in found:
        return acr_hook.changes_in(found)
    return registry_hook.changes_in(found)


def read_docker_hub(body: bytes) -> RegistryMessage:
    """Return what Docker Hub says; anybody else can send a header, and is told that the secret is wrong."""
    found = read_object(body)
    if docker_hub.MARK not in found:
        raise wrong_secret()
    return docker_hub.changes_in(found)


def secret_in_address(headers: Mapping[str, str], query: Mapping[str, str]) -> dict[str, str] | None:
    """Return the header that a secret in `?code=` stands for; None where a header shows one, which then decides."""
    if "code" not in query or HEADER in headers or "authorization" in headers:
        return None
    return {HEADER: query["code"]}
