"""What runs that Slipway did not bring there: said in words, and read so that a person may adopt it."""

from __future__ import annotations

from collections.abc import Iterator

from shared.app.access import EnvironmentAccess
from shared.app.handling.loaded_service import LoadedService, release_in
from shared.app.parts import App
from shared.domain.policies.place import Place, place_of
from shared.domain.policies.policy import EnvironmentPolicy, HelmTarget, ServicePolicy
from shared.domain.state.adoptable import Adoptable
from shared.domain.values.artifact import Artifact, ArtifactPart, in_namespace
from shared.domain.values.errors import InvalidVersion
from shared.domain.values.version import Version
from shared.ports.applier import Found, Running
from shared.ports.chart import Rendering, write_rendering

_MOST = 10


def foreign(
    app: App, at: EnvironmentAccess, view: LoadedService, policy: ServicePolicy, environment: EnvironmentPolicy
) -> tuple[str, Adoptable | None]:
    """Say what runs that Slipway did not bring there, empty where all is as it was left, and what of it can be adopted."""
    place = place_of(policy.service, environment)
    running = running_now(at, place)
    if running is None or not running.foreign:
        return "", None
    found = at.applier(place).found(place) if isinstance(place.target, HelmTarget) else None
    if found is None:
        return _by_others(running), None
    adoptable = Adoptable(
        release_name=found.release_name,
        revision=found.revision,
        chart=found.chart,
        chart_version=found.chart_version,
        app_version=found.app_version,
        status=found.status,
        digests=found.digests[:_MOST],
        others=found.others[:_MOST],
        manifests=app.evidence.put(found.manifests),
        values=app.evidence.put(_rendering(place, found)),
        artifact=_known(app, view, _artifact(at, policy, environment, found)),
    )
    return f"{_by_others(running)}: {adoptable.said}", adoptable


def running_now(at: EnvironmentAccess, place: Place) -> Running | None:
    """Read what is applied of a service in an environment."""
    return at.applier(place).running(place)


def _by_others(running: Running) -> str:
    return f"revision {running.revision.partition('/')[0][:12]} was not written by Slipway"


def _rendering(place: Place, found: Found) -> bytes:
    """What the chart was rendered with, as it is kept of our own: JSON is YAML."""
    named = (f"values of revision {found.revision.partition('/')[0]}",)
    made = Rendering(release_name=place.release_name, namespace=place.namespace, values=(found.values,), paths=named)
    return write_rendering(made)


def _known(app: App, view: LoadedService, artifact: Artifact | None) -> Artifact | None:
    """Of what Slipway built itself the commit is known, whoever deployed it; nobody else's word for one counts."""
    release = release_in(app, view, artifact.version) if artifact is not None else None
    ours = release.artifact if release is not None else None
    return ours if artifact is not None and ours is not None and ours.id == artifact.id else artifact


def _artifact(
    at: EnvironmentAccess, policy: ServicePolicy, environment: EnvironmentPolicy, found: Found
) -> Artifact | None:
    """The version that the chart names, where the registry has all of it and the service's own image of it runs."""
    try:
        version = Version.parse(found.chart_version)
    except InvalidVersion:
        return None
    # What ran before Slipway lies where the service's builds do; nobody has copied it for the environment yet.
    for namespace in dict.fromkeys((environment.registry_namespace, None)):
        made = _version_in(at, policy, namespace, version)
        if made is not None and _is_of(made, found) and _runs(at, namespace, made, found):
            return made
    return None


def _version_in(
    at: EnvironmentAccess, policy: ServicePolicy, namespace: str | None, version: Version
) -> Artifact | None:
    parts = tuple(_parts(at, policy, namespace, version))
    if len(parts) < len(policy.parts):
        return None
    return Artifact(registry=policy.registry, parts=parts, commit="", version=version)


def _is_of(made: Artifact, found: Found) -> bool:
    """Whether the release is of the version's chart, by its name: a registry keeps a chart under it."""
    return made.chart is None or made.chart.repository.rpartition("/")[2] == found.chart


def _runs(at: EnvironmentAccess, namespace: str | None, made: Artifact, found: Found) -> bool:
    repository = in_namespace(made.image.repository, namespace)
    names = (made.image.digest, *at.registry.describe(made.registry, repository, made.image.digest).names)
    return not {one.text for one in names}.isdisjoint(found.digests)


def _parts(
    at: EnvironmentAccess, policy: ServicePolicy, namespace: str | None, version: Version
) -> Iterator[ArtifactPart]:
    for name in policy.parts:
        repository = in_namespace(name.repository, namespace)
        digest = at.registry.digest_of(policy.registry, repository, name.kind.tag_of(version))
        if digest is not None:
            yield name.at(version, digest)
