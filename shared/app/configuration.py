"""The configuration of a repository: slipway.yaml of the default branch, and what became of it."""

from __future__ import annotations

from dataclasses import replace

from shared.app.handle_event import handle
from shared.app.parts import App
from shared.codec.errors import HalfWritten
from shared.codec.repository import CONFIG, SERVICE, decode_config, encode_config, encode_services
from shared.domain.events import PolicyChanged, ServiceRemoved
from shared.domain.names import ServiceKey
from shared.domain.policy import RepositoryPolicy
from shared.domain.repository import ConfigInForce
from shared.ports.policies import BrokenPolicy
from shared.ports.statuses import CommitState, CommitStatus
from shared.telemetry import log_event

FILE = "slipway.yaml"
_CONTEXT = "slipway/config"


def configuration(app: App, repository: str) -> ConfigInForce | None:
    """Read the configuration in force and the last fault; None where the repository was never looked at."""
    row = app.rows.get(repository, CONFIG)
    if row is None:
        return None
    services = {one.key: one.value for one in app.rows.list(repository, prefix=SERVICE)}
    return decode_config(row.value, services)


def policy_in_force(app: App, repository: str) -> RepositoryPolicy | None:
    """Return the last good configuration, if there ever was one."""
    found = configuration(app, repository)
    return found.policy if found else None


def refresh_configuration(app: App, repository: str, commit: str, number: int) -> None:
    """Put the file of a default branch's commit in force, or keep the last good one and show the fault.

    Services are told before the repository's row is written: a worker that dies in between tells them again.
    """
    before = _before(app, repository)
    content = app.source.file(repository, commit, FILE)
    try:
        if content is None:
            _no_file(app, repository, commit, before)
            return
        files = app.source.files(repository, commit)
        policy = app.policies.compile(content, repository=repository, commit=commit, files=files)
    except BrokenPolicy as error:
        _broken(app, repository, commit, before, tuple(str(fault) for fault in error.faults))
        return
    _tell_services(app, before, policy, number)
    for key, value in encode_services(policy).items():
        app.rows.overwrite(repository, key, value)
    config = ConfigInForce(commit=commit, policy=policy, faults=(), faulty_commit="", checked_at=app.now())
    app.rows.overwrite(repository, CONFIG, encode_config(config))
    if before is not None and before.faults:
        _status(app, repository, commit, CommitState.SUCCEEDED, f"{FILE} is in force")


def _before(app: App, repository: str) -> ConfigInForce | None:
    try:
        return configuration(app, repository)
    except HalfWritten:
        # A worker died while it wrote; what it was writing is compiled again now.
        return None


def _no_file(app: App, repository: str, commit: str, before: ConfigInForce | None) -> None:
    if before is not None and before.policy is not None:
        _broken(app, repository, commit, before, (f"{FILE}: is missing; the last good one stays in force",))
        return
    # Shown on the page, but not on the commit: a repository that does not use Slipway yet is not told off.
    _keep_faults(app, repository, commit, before, (f"{FILE}: is missing; add one to the root of the default branch",))


def _broken(app: App, repository: str, commit: str, before: ConfigInForce | None, faults: tuple[str, ...]) -> None:
    _keep_faults(app, repository, commit, before, faults)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    _status(app, repository, commit, CommitState.FAILED, f"{faults[0]}{more}")


def _keep_faults(app: App, repository: str, commit: str, before: ConfigInForce | None, faults: tuple[str, ...]) -> None:
    empty = ConfigInForce(commit="", policy=None, faults=(), faulty_commit="", checked_at=app.now())
    config = replace(before or empty, faults=faults, faulty_commit=commit, checked_at=app.now())
    app.rows.overwrite(repository, CONFIG, encode_config(config))
    log_event("configuration.broken", repository=repository, commit=commit, faults=faults)


def _status(app: App, repository: str, commit: str, state: CommitState, description: str) -> None:
    app.statuses.set_status(repository, commit, CommitStatus(context=_CONTEXT, state=state, description=description))


def _tell_services(app: App, before: ConfigInForce | None, policy: RepositoryPolicy, number: int) -> None:
    old = {one.service: one.digest for one in (before.policy.services if before and before.policy else ())}
    for one in policy.services:
        if old.pop(one.service, None) != one.digest:
            handle(app, PolicyChanged(id=_id(one.service, number), service=one.service, policy=one))
    for service in old:
        handle(app, ServiceRemoved(id=_id(service, number), service=service))


def _id(service: ServiceKey, number: int) -> str:
    return f"{service}:policy:{number}"
