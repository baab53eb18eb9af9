"""Which service a registry's repository belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shared.app.hook_events.configuration import policy_in_force
from shared.app.parts import App
from shared.domain.messages.events import RegistryEvent
from shared.domain.policies.policy import ServicePolicy
from shared.domain.values.artifact import PartName, in_namespace, registry_name
from shared.domain.values.errors import InvalidVersion
from shared.domain.values.names import ServiceKey
from shared.domain.values.version import Version


class OwnRepository(NamedTuple):
    """A service's repository of one part, as builds push it or as a copy in an environment's namespace."""

    service: ServiceKey
    part: PartName
    namespace: str

    def version(self, tag: str) -> Version | None:
        """Return the version that a tag names here; None where it is none of ours."""
        try:
            return self.part.kind.version_of(tag)
        except InvalidVersion:
            return None


def id_of(event: RegistryEvent) -> str:
    """Name a registry's event for its services; the same event has the same name.

    Whoever may send hints chooses their ids: without a name of its own, a made-up one would pass for a push, a report
    or a request that is still to come, which would then count as known.
    """
    return f"registry:{event.id}"


def own_repositories(app: App, registry: str, repository: str) -> list[OwnRepository]:
    """Return what a repository is to the services in force, those first that build into it."""
    found = [own for one in _services(app, registry) for own in _of(one, repository)]
    return sorted(found, key=lambda own: bool(own.namespace))


def _services(app: App, registry: str) -> Iterator[ServicePolicy]:
    name = registry_name(registry)
    for repository in app.repositories():
        policy = policy_in_force(app, repository)
        yield from (one for one in policy.services if registry_name(one.registry) == name) if policy else ()


def _of(policy: ServicePolicy, repository: str) -> Iterator[OwnRepository]:
    namespaces = dict.fromkeys(one.registry_namespace for one in policy.environments if one.registry_namespace)
    for namespace in ("", *namespaces):
        for part in policy.parts:
            if in_namespace(part.repository, namespace) == repository:
                yield OwnRepository(policy.service, part, namespace)
