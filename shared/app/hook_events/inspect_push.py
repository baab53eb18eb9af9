"""A push is first a repository's event: what changed, for which services, under which configuration.

The branch's tip is claimed before anything is told, as change number n, and marked as sent afterwards. So every
change is told once, in order, and a worker that dies in between leaves a claim that the next one finishes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from shared.app.handling.failures import note_failure
from shared.app.handling.handle_event import handle
from shared.app.handling.links import link_to
from shared.app.hook_events.concerned import concerned
from shared.app.hook_events.configuration import is_read, policy_in_force, refresh_configuration
from shared.app.hook_events.who_pushed import attribute, last_tip, put_tip, send_who_pushed, version_of, with_unnamed
from shared.app.parts import App
from shared.codec.keys import fits
from shared.codec.repository import TIPS, gone_row, tip_row
from shared.domain.drafts.decision import Outcome
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import BranchDeleted, ChangeFound, PushReceived, ServiceEvent
from shared.domain.policies.policy import ServicePolicy
from shared.domain.policies.triggers import branch_matches
from shared.domain.state.repository import Tip
from shared.domain.values.names import ServiceKey, valid_name
from shared.domain.values.nearest import closest, meant
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.domain.values.version import parse_release_branch
from shared.ports.rows import Row, StaleRow
from shared.ports.statuses import CommitState, CommitStatus
from shared.telemetry import log_event

_HEADS = "refs/heads/"


def inspect_push(app: App, push: PushReceived, *, at: datetime | None = None) -> None:
    """Tell each service what the branch's new tip means to it; nothing if the tip is known. `at` is when it was told of.

    A payload is a hint: a repository that is not served, or a ref that is no branch, means nothing to anybody.
    Raise Transient when the repository is out of reach.
    """
    served = push.repository in app.repositories()
    if not served or not push.ref.startswith(_HEADS) or not fits(push.ref):
        odd = "its name is too long to be kept" if push.ref.startswith(_HEADS) else "not a branch"
        reason = odd if served else "no repository of that name is served"
        log_event("push.ignored", repository=push.repository, ref=push.ref, reason=reason)
        return
    source = app.repository(push.repository).source
    default = source.default_ref(push.repository)
    if push.ref != default and not is_read(app, push.repository, source.tip(push.repository, default)):
        # The default branch says which services there are; it is never read later than what it rules.
        _inspect(app, replace(push, ref=default, commit="", before="", pushed_by=None), default)
    if not _inspect(app, push, default):
        attribute(app, push, at)


def _inspect(app: App, push: PushReceived, default: str) -> bool:
    """Tell what the branch's tip means; whether a service has taken in this very push, with who pushed it."""
    taken = False
    while True:
        row = app.rows.get(push.repository, tip_row(push.ref))
        tip = TIPS.decode(row.value) if row else last_tip(app, push)
        if tip.sent:
            actual = app.repository(push.repository).source.tip(push.repository, push.ref)
            if actual == tip.commit:
                return taken
            tip = replace(tip, commit=actual, number=tip.number + 1, previous=tip.commit, sent=False)
            tip = tip.knowing(actual) if actual and version_of(push) else tip
            etag = put_tip(app, push, tip, row.etag if row else None)
        else:
            etag = row.etag if row else None
        if etag is None:
            continue
        taken = _tell(app, push, tip, default) and push.commit in ("", tip.commit)
        noted = with_unnamed(push, tip)
        left = send_who_pushed(app, push, noted.pushed)
        kept = put_tip(app, push, replace(noted, sent=True, pushed=left), etag) is not None
        if kept and push.commit and tip.commit == push.commit:
            # This message has told what it tells of; whatever the branch points at by now is another one's.
            return taken


def set_aside(app: App, repository: str, ref: str, row: Row) -> None:
    """Move the tip of a branch that was deleted to where the tick does not read it any more.

    The copy is written first, and never over a later one: whoever finds no tip finds the copy.
    """
    tip = TIPS.decode(row.value)
    before = app.rows.get(repository, gone_row(ref))
    try:
        if before is None or TIPS.decode(before.value).number < tip.number:
            app.rows.put(repository, gone_row(ref), row.value, etag=before.etag if before else None)
        app.rows.delete(repository, row.key, etag=row.etag)
    except StaleRow:
        return  # somebody was faster; the next tick looks again


def _pusher(push: PushReceived, tip: str) -> Person | None:
    """Another push's commits are never put down to the sender of this one; its own message tells who it was.

    Nor are they to whoever wrote them: until somebody is named for a push, its pusher is unknown.
    """
    return push.pushed_by if push.commit in ("", tip) else None


def _tell(app: App, push: PushReceived, tip: Tip, default: str) -> bool:
    if push.ref == default and tip.commit is not None:
        refresh_configuration(app, push.repository, tip.commit, tip.number, correlation=push.id)
    events = _events(app, push, tip, default)
    decisions = [handle(app, event, Delivery(correlation=push.id)) for event in events]
    return any(one.outcome in (Outcome.MOVED, Outcome.NOTED) and not one.duplicate for one in decisions)


def _services(app: App, repository: str) -> Sequence[ServicePolicy]:
    policy = policy_in_force(app, repository)
    return policy.services if policy else ()


def _events(app: App, push: PushReceived, tip: Tip, default: str) -> Iterator[ServiceEvent]:
    release = parse_release_branch(push.ref)
    if tip.commit is None:
        keys = [
            one.service for one in _services(app, push.repository) if branch_matches(one.triggers.branches, push.ref)
        ]
        for key in _named(push.repository, release[0]) if release else keys:
            yield BranchDeleted(id=_event_id(push, tip, key), service=key, ref=push.ref, number=tip.number)
        return
    pushed_by = _pusher(push, tip.commit)
    if release is not None:
        # Release branches are selected by their name alone.
        keys, skip = _named(push.repository, release[0]), ""
        if not keys:
            _refuse(app, push, tip.commit, tip.number, closest(release[0], _known(app, push.repository)))
    else:
        keys, skip = concerned(app, push, tip.previous, tip.commit, default, _services(app, push.repository))
    for key in keys:
        yield ChangeFound(
            id=_event_id(push, tip, key),
            service=key,
            ref=push.ref,
            commit=tip.commit,
            number=tip.number,
            pushed_by=pushed_by,
            skip=skip,
        )


def _event_id(push: PushReceived, tip: Tip, service: ServiceKey) -> str:
    return f"{push.repository}:{push.ref}:{tip.number}:{service.service}"


def _named(repository: str, name: str) -> list[ServiceKey]:
    return [ServiceKey(repository, name)] if valid_name(name) else []


def _known(app: App, repository: str) -> list[str]:
    return [one.service.service for one in _services(app, repository)]


def _refuse(app: App, push: PushReceived, commit: str, number: int, near: str) -> None:
    what = f"{push.ref.removeprefix(_HEADS)} does not name a service"
    reason = f"{what}; use release/<service>/v<version>{meant(near)}"
    status = CommitStatus(context="slipway/release", state=CommitState.FAILED, description=reason, link=link_to(app))
    app.repository(push.repository).statuses.set_status(push.repository, commit, status, about=number)
    note_failure(app, push.repository, "", commit, status)
    log_event("push.refused", repository=push.repository, ref=push.ref, reason=reason)
