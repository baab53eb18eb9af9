"""Finding what a request names. What is not there is said in words, with a code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.app.handling.loaded_service import LoadedService as Snapshot
from shared.app.handling.loaded_service import read_service, release_in
from shared.app.hook_events.configuration import policy_in_force
from shared.app.parts import App
from shared.domain.state.release import Numbers, Release
from shared.domain.values.errors import InvalidValue, Refused
from shared.domain.values.names import ServiceKey, valid_name
from shared.domain.values.version import Version


class NotKnown(Refused):
    """There is no such thing; the code begins with `unknown-`."""


class Ambiguous(Refused):
    """Several repositories have it; the message names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which services are asked for: of one repository, with a name that begins so, after `<repository>~<service>`."""

    repository: str = ""
    name: str = ""
    after: str = ""


def service_names(app: App, chosen: Chosen, *, most: int) -> list[str]:
    """Name services that anything was ever written of, in order, also what never was one: this costs little."""
    found: list[str] = []
    for prefix in _prefixes(app, chosen):
        found += app.store.services(after=chosen.after, most=most - len(found), prefix=prefix)
        if len(found) >= most:
            break
    return found


def _prefixes(app: App, chosen: Chosen) -> list[str]:
    if not chosen.repository and not chosen.name:
        return [""]
    # In order, as names are: no repository's name holds the separator.
    return sorted(f"{one}~{chosen.name}" for one in ([chosen.repository] if chosen.repository else app.repositories()))


def known_among(app: App, names: Iterable[str]) -> Iterator[Snapshot]:
    """Read those of the services that are configured or have a history."""
    for name in names:
        if _is_known(found := read_service(app, ServiceKey.parse(name))):
            yield found


def _is_known(found: Snapshot) -> bool:
    # A release branch with a mistyped name leaves an entry in a ledger, and no service.
    state = found.state
    return state.policy is not None or bool(state.environments or state.releases) or state.numbers != Numbers()


def find_service(app: App, name: str, repository: str = "") -> ServiceKey:
    """Return the service of that name. Raise NotKnown, or Ambiguous where several repositories have one."""
    written = app.store.sequences([str(key) for key in _keys(app, name, repository)])
    found = [one.state.service for one in known_among(app, (key for key, sequence in written.items() if sequence))]
    if not found:
        where = f" in repository {repository}" if repository else ""
        raise NotKnown("unknown-service", f"there is no service {name[:100]!r}{where}; GET /api/services lists them")
    if len(found) > 1:
        names = " and ".join(key.repository for key in found)
        raise Ambiguous("ambiguous-service", f"{name} is a service of {names}; add ?repository= to say which one")
    return found[0]


def find_release(app: App, service: ServiceKey, version: str) -> Release:
    """Return a release, open or ended; raise NotKnown."""
    try:
        wanted = Version.parse(version.removeprefix("v"))
        release = release_in(app, read_service(app, service, exact=False), wanted)
    except InvalidValue:
        release = None
    if release is None:
        listed = f"GET /api/services/{service.service}/releases lists them"
        raise NotKnown("unknown-release", f"there is no release {version[:100]!r} of {service.service}; {listed}")
    return release


def find_artifact_hold(app: App, hold: str, repository: str = "", *, asked: str = "") -> ServiceKey:
    """Return the service that a hold `<service>-v<version>` belongs to; raise NotKnown or Ambiguous.

    `asked` is the request's id: where that was decided before, its service it is, whatever is held by now.
    """
    keys = [key for name in _services_in(hold) for key in _keys(app, name, repository)]
    found = [key for key in keys if asked and _has_decided(app, key, asked)]
    found = found or [key for key in keys if _has_hold(app, key, hold)]
    if not found:
        raise NotKnown("unknown-hold", f"there is no hold {hold[:100]!r}; GET /api/holds and the services list them")
    if len(found) > 1:
        names = " and ".join(key.repository for key in found)
        raise Ambiguous("ambiguous-hold", f"{hold} is a hold in {names}; add ?repository= to say which one")
    return found[0]


def _has_decided(app: App, key: ServiceKey, event_id: str) -> bool:
    return app.store.transact(str(key), event_id, lambda _: None).duplicate


def _has_hold(app: App, key: ServiceKey, hold: str) -> bool:
    return any(one.id == hold for one in read_service(app, key).state.holds)


def _keys(app: App, name: str, repository: str) -> Iterator[ServiceKey]:
    for one in (repository,) if repository else app.repositories():
        try:
            yield ServiceKey(one, name)
        except InvalidValue:
            continue


def _services_in(hold: str) -> Iterator[str]:
    # A service's name may itself hold -v, and so may a version.
    parts = hold.split("-v")
    for index in range(1, len(parts)):
        name = "-v".join(parts[:index])
        if valid_name(name):
            yield name


def known_scope(app: App, scope: str) -> str:
    """Return a hold's scope spelt out; a service may be named without its repository.

    Raise NotKnown for a service or environment that is nowhere: such a hold would hold nothing, and nobody would see.
    """
    kind, _, name = scope.partition(":")
    if kind == "service":
        repository, slash, service = name.rpartition("/")
        found = find_service(app, service if slash else name, repository)
        return f"service:{found.repository}/{found.service}"
    if kind == "environment" and name not in (names := _environments(app)):
        known = ", ".join(sorted(names)) or "none"
        raise NotKnown("unknown-environment", f"no service has an environment {name[:100]!r}; there are: {known}")
    return scope


def _environments(app: App) -> set[str]:
    policies = (policy_in_force(app, repository) for repository in app.repositories())
    return {each.name for policy in policies if policy for one in policy.services for each in one.environments}
