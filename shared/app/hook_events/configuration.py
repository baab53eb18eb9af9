"""The configuration of a repository: slipway.yaml of the default branch, and what became of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from shared.app.handling.handle_event import handle
from shared.app.handling.links import link_to
from shared.app.parts import App
from shared.app.people.approvers import pin_approvers
from shared.codec.errors import HalfWritten
from shared.codec.repository import (
    CONFIG,
    SERVICE,
    SHOWN,
    decode_config,
    decode_config_state,
    encode_config,
    encode_services,
)
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import PolicyChanged, ServiceRemoved
from shared.domain.policies.policy import RepositoryPolicy
from shared.domain.state.repository import ConfigInForce
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from shared.ports.errors import NotFound, Permanent
from shared.ports.policies import BrokenPolicy
from shared.ports.rows import Row, StaleRow
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


def shown_configurations(app: App) -> dict[str, Row | None]:
    """Read for each repository which configuration is in force and the last fault, without any policy.

    One small range, however many services there are; None where a repository was never looked at.
    """
    shown = {row.key: row for row in app.rows.list(SHOWN)}
    # What an older Slipway wrote last is not there yet.
    return {name: shown.get(name) or app.rows.get(name, CONFIG) for name in app.repositories()}


def is_read(app: App, repository: str, commit: str | None) -> bool:
    """Whether the file of this commit is in force, or was looked at and is faulty; raise UnreadableRecord."""
    row = app.rows.get(repository, CONFIG)
    known = decode_config_state(row.value) if row else None
    return known is not None and commit in (known.commit, known.faulty_commit)


def policy_in_force(app: App, repository: str) -> RepositoryPolicy | None:
    """Return the last good configuration, if there ever was one."""
    found = configuration(app, repository)
    return found.policy if found else None


def refresh_configuration(app: App, repository: str, commit: str, number: int, *, correlation: str = "") -> None:
    """Put the file of a default branch's commit in force, or keep the last good one and show the fault.

    Services are told before the repository's row is written: a worker that dies in between tells them again. One that
    is slow writes nothing over what a faster one has read since.
    """
    row = app.rows.get(repository, CONFIG)
    change = _Change(repository, commit, number, row.etag if row else None, _before(app, repository))
    if change.before is not None and change.before.number > number:
        return
    policy = _compiled(app, change)
    if policy is None:
        return
    _tell_services(app, change.before, policy, number, correlation)
    services = encode_services(policy)
    for key, value in services.items():
        app.rows.overwrite(repository, key, value)
    config = ConfigInForce(
        commit=commit, policy=policy, faults=(), faulty_commit="", checked_at=app.now(), number=number
    )
    if not _put(app, change, config):
        return
    for old in app.rows.list(repository, prefix=SERVICE):
        if old.key not in services:
            with suppress(StaleRow):
                app.rows.delete(repository, old.key, etag=old.etag)
    if change.before is not None and change.before.faults:
        _status(app, change, CommitState.SUCCEEDED, f"{FILE} is in force")


def _compiled(app: App, change: _Change) -> RepositoryPolicy | None:
    """Read the file and what it names; None where it is not good, which is kept."""
    repository, commit = change.repository, change.commit
    source = app.repository(repository).source
    try:
        content = source.file(repository, commit, FILE)
        if content is None:
            _no_file(app, change)
            return None
        files = source.files(repository, commit)
        compiled = app.policies.compile(content, repository=repository, commit=commit, files=files)
        return pin_approvers(app, content, compiled, change.before.policy if change.before else None)
    except BrokenPolicy as error:
        _broken(app, change, tuple(str(fault) for fault in error.faults))
    except Permanent as error:
        if error.ours or isinstance(error, NotFound):
            raise
        _broken(app, change, (str(error),))  # a link that leads out, a pointer of Git LFS, more than can be read
    return None


@dataclass(frozen=True, slots=True)
class _Change:
    repository: str
    commit: str
    number: int
    etag: str | None
    before: ConfigInForce | None


def _put(app: App, change: _Change, config: ConfigInForce) -> bool:
    try:
        app.rows.put(change.repository, CONFIG, encode_config(config), etag=change.etag)
    except StaleRow:
        log_event("configuration.overtaken", repository=change.repository, commit=change.commit)
        return False
    _show(app, change.repository, config)
    return True


def _show(app: App, repository: str, config: ConfigInForce) -> None:
    """Write what pages show; a slow worker writes nothing over what a faster one has written since."""
    shown = encode_config(replace(config, policy=None))
    while True:
        row = app.rows.get(SHOWN, repository)
        if row is not None and decode_config_state(row.value).number > config.number:
            return
        with suppress(StaleRow):
            app.rows.put(SHOWN, repository, shown, etag=row.etag if row else None)
            return


def _before(app: App, repository: str) -> ConfigInForce | None:
    try:
        return configuration(app, repository)
    except HalfWritten:
        # A policy's row was lost; all are compiled again now.
        return None


def _no_file(app: App, change: _Change) -> None:
    if change.before is not None and change.before.policy is not None:
        _broken(app, change, (f"{FILE}: is missing; the last good one stays in force",))
        return
    # Shown on the page, but not on the commit: a repository that does not use Slipway yet is not told off.
    _keep_faults(app, change, (f"{FILE}: is missing; add one to the root of the default branch",))


def _broken(app: App, change: _Change, faults: tuple[str, ...]) -> None:
    _keep_faults(app, change, faults)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    _status(app, change, CommitState.FAILED, f"{faults[0]}{more}")


def _keep_faults(app: App, change: _Change, faults: tuple[str, ...]) -> None:
    empty = ConfigInForce(commit="", policy=None, faults=(), faulty_commit="", checked_at=app.now())
    before = change.before or empty
    config = replace(before, faults=faults, faulty_commit=change.commit, checked_at=app.now(), number=change.number)
    _put(app, change, config)
    log_event("configuration.broken", repository=change.repository, commit=change.commit, faults=faults)


def _status(app: App, change: _Change, state: CommitState, description: str) -> None:
    status = CommitStatus(context=_CONTEXT, state=state, description=description, link=link_to(app))
    statuses = app.repository(change.repository).statuses
    statuses.set_status(change.repository, change.commit, status, about=change.number)


def _tell_services(
    app: App, before: ConfigInForce | None, policy: RepositoryPolicy, number: int, correlation: str
) -> None:
    old = {one.service: one.digest for one in (before.policy.services if before and before.policy else ())}
    for one in policy.services:
        if old.pop(one.service, None) != one.digest:
            changed = PolicyChanged(id=_id(one.service, number), service=one.service, policy=one)
            handle(app, changed, Delivery(correlation=correlation))
    for service in old:
        handle(app, ServiceRemoved(id=_id(service, number), service=service), Delivery(correlation=correlation))


def _id(service: ServiceKey, number: int) -> str:
    return f"{service}:policy:{number}"
