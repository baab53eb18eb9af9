"""Which service a registry's repository belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shared.app.configuration import policy_in_force
from shared.app.parts import App
from shared.domain.artifact import in_namespace, registry_name
from shared.domain.errors import InvalidVersion
from shared.domain.events import RegistryEvent
from shared.domain.names import ServiceKey
from shared.domain.policy import ServicePolicy
from shared.domain.version import Version


class Place(NamedTuple):
    """A repository of a service: of its image or its chart, as builds push it or as a copy in an environment's namespace."""

    service: ServiceKey
    chart: bool
    namespace: str

    def version(self, tag: str) -> Version | None:
        """Return the version that a tag names here; None where it is none of ours."""
        try:
            return Version.parse(tag) if self.chart else Version.from_tag(tag)
        except InvalidVersion:
            return None


def id_of(event: RegistryEvent) -> str:
    """Name a registry's event for its services; the same event has the same name.

    Whoever may send hints chooses their ids: without a name of its own, a made-up one would pass for a push, a report
    or a request that is still to come, which would then count as known.
    """
    return f"registry:{event.id}"


def places(app: App, registry: str, repository: str) -> list[Place]:
    """Return what a repository is to the services in force, those first that build into it."""
    found = [place for one in _services(app, registry) for place in _of(one, repository)]
    return sorted(found, key=lambda place: bool(place.namespace))


def _services(app: App, registry: str) -> Iterator[ServicePolicy]:
    name = registry_name(registry)
    for repository in app.repositories():
        policy = policy_in_force(app, repository)
        yield from (one for one in policy.services if registry_name(one.registry) == name) if policy else ()


def _of(policy: ServicePolicy, repository: str) -> Iterator[Place]:
    namespaces = dict.fromkeys(one.registry_namespace for one in policy.environments if one.registry_namespace)
    for namespace in ("", *namespaces):
        for chart, own in ((False, policy.image_repository), (True, policy.chart_repository)):
            if in_namespace(own, namespace) == repository:
                yield Place(policy.service, chart, namespace)
