"""A push is first a repository's event: what changed, for which services, under which configuration.

The branch's tip is claimed before anything is told, as change number n, and marked as sent afterwards. So every
change is told once, in order, and a worker that dies in between leaves a claim that the next one finishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from shared.app.configuration import policy_in_force, refresh_configuration
from shared.app.handle_event import handle
from shared.app.parts import App
from shared.codec.repository import decode_tip, encode_tip, tip_row
from shared.domain.errors import InvalidValue
from shared.domain.events import BranchDeleted, ChangeFound, PushReceived, ServiceEvent
from shared.domain.names import Person, ServiceKey
from shared.domain.policy import RepositoryPolicy
from shared.domain.repository import Tip
from shared.domain.triggers import affected, branch_matches, skip_marker
from shared.domain.version import parse_release_branch
from shared.ports.statuses import CommitState, CommitStatus
from shared.ports.store import StaleRow
from shared.telemetry import log_event

_HEADS = "refs/heads/"


def inspect_push(app: App, push: PushReceived) -> None:
    """Tell each service what the branch's new tip means to it; nothing if the tip is known.

    Raise NotFound for an unknown repository, Transient when it is out of reach.
    """
    if not push.ref.startswith(_HEADS):
        log_event("push.ignored", repository=push.repository, ref=push.ref, reason="not a branch")
        return
    default = app.source.default_ref(push.repository)
    if push.ref != default:
        # The default branch says which services there are; it is never read later than what it rules.
        _inspect(app, replace(push, ref=default, pushed_by=None), default)
    _inspect(app, push, default)


def _inspect(app: App, push: PushReceived, default: str) -> None:
    while True:
        row = app.rows.get(push.repository, tip_row(push.ref))
        tip = decode_tip(row.value) if row else Tip(commit=None, number=0, previous=None, sent=True)
        if tip.sent:
            actual = app.source.tip(push.repository, push.ref)
            if actual == tip.commit:
                return
            tip = Tip(commit=actual, number=tip.number + 1, previous=tip.commit, sent=False)
            etag = _put(app, push, tip, row.etag if row else None)
        else:
            etag = row.etag if row else None
        if etag is None:
            continue
        _tell(app, push, tip, default)
        _put(app, push, replace(tip, sent=True), etag)


def _put(app: App, push: PushReceived, tip: Tip, etag: str | None) -> str | None:
    try:
        return app.rows.put(push.repository, tip_row(push.ref), encode_tip(tip), etag=etag)
    except StaleRow:
        return None


def _tell(app: App, push: PushReceived, tip: Tip, default: str) -> None:
    if push.ref == default and tip.commit is not None:
        refresh_configuration(app, push.repository, tip.commit, tip.number)
    policy = policy_in_force(app, push.repository)
    for event in _events(app, push, tip, policy, default):
        handle(app, event, correlation=push.id)


def _event_id(push: PushReceived, tip: Tip, service: str) -> str:
    return f"{push.repository}:{push.ref}:{tip.number}:{service}"


def _events(
    app: App, push: PushReceived, tip: Tip, policy: RepositoryPolicy | None, default: str
) -> Iterator[ServiceEvent]:
    release = parse_release_branch(push.ref)
    services = policy.services if policy else ()
    if tip.commit is None:
        names = (
            [release[0]]
            if release
            else [one.service.service for one in services if branch_matches(one.triggers.branches, push.ref)]
        )
        for name in names:
            if (key := _key(push.repository, name)) is not None:
                yield BranchDeleted(id=_event_id(push, tip, name), service=key, ref=push.ref, number=tip.number)
        return
    pushed_by = push.pushed_by or _committer(app, push.repository, tip.commit)
    if release is not None:
        yield from _release(app, push, tip, release[0], pushed_by)
        return
    base = _base(app, push.repository, tip, default)
    paths = app.source.changed_paths(push.repository, base, tip.commit)
    messages = [one.message for one in app.source.commits(push.repository, base, tip.commit)]
    marker = skip_marker(messages) or ""
    for one in services:
        if affected(one, push.ref, paths):
            yield ChangeFound(
                id=_event_id(push, tip, one.service.service),
                service=one.service,
                ref=push.ref,
                commit=tip.commit,
                number=tip.number,
                pushed_by=pushed_by,
                skip=marker,
            )


def _release(app: App, push: PushReceived, tip: Tip, name: str, pushed_by: Person | None) -> Iterator[ServiceEvent]:
    """Release branches are selected by their name alone."""
    commit = tip.commit or ""
    key = _key(push.repository, name)
    if key is None:
        reason = f"{push.ref.removeprefix(_HEADS)} does not name a service; use release/<service>/v<version>"
        status = CommitStatus(context="slipway/release", state=CommitState.FAILED, description=reason)
        app.statuses.set_status(push.repository, commit, status)
        log_event("push.refused", repository=push.repository, ref=push.ref, reason=reason)
        return
    yield ChangeFound(
        id=_event_id(push, tip, name),
        service=key,
        ref=push.ref,
        commit=commit,
        number=tip.number,
        pushed_by=pushed_by,
    )


def _base(app: App, repository: str, tip: Tip, default: str) -> str | None:
    """What a push is compared with: the tip before, or for a new or rewritten branch where it left the default one."""
    commit = tip.commit or ""
    if tip.previous is not None and app.source.contains(repository, tip.previous, commit):
        return tip.previous
    main = app.source.tip(repository, default)
    base = app.source.merge_base(repository, main, commit) if main else None
    return base if base != commit else None


def _committer(app: App, repository: str, commit: str) -> Person | None:
    newest = next(iter(app.source.commits(repository, None, commit, most=1)), None)
    if newest is None:
        return None
    return Person(id=newest.committer_mail, name=newest.committer_name, mails=(newest.committer_mail,))


def _key(repository: str, name: str) -> ServiceKey | None:
    try:
        return ServiceKey(repository, name)
    except InvalidValue:
        return None
