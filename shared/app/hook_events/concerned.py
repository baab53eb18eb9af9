"""Which services a push concerns: by the paths that it changed, and by what links in the services' folders lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.app.parts import App
from shared.domain.messages.events import PushReceived
from shared.domain.policies.policy import ServicePolicy
from shared.domain.policies.triggers import affected, affected_by_links, branch_matches, may_follow, skip_marker
from shared.domain.values.names import ServiceKey
from shared.ports.errors import NotFound, Permanent
from shared.telemetry import log_event

_MOST = 2000


def concerned(
    app: App, push: PushReceived, previous: str | None, commit: str, default: str, services: Sequence[ServicePolicy]
) -> tuple[list[ServiceKey], str]:
    """Return the services, and the marker by which the push asks not to be built; `previous` is the tip before."""
    source, base, skip = app.repository(push.repository).source, None, ""
    try:
        base = _base(app, push, previous, commit, default)
        # What has no base was not pushed as a whole just now: its history asks for nothing, its newest commit may.
        pushed = source.commits(push.repository, base, commit, most=_MOST if base else 1)
        skip = skip_marker([one.message for one in pushed]) or ""
        found = set(_by_paths(app, push, base, commit, services))
    except NotFound:
        raise
    except Permanent as error:
        if error.ours:
            raise
        # More than can be looked at concerns everybody: their builds say what is wrong with it.
        log_event("push.not_compared", repository=push.repository, ref=push.ref, commit=commit, reason=str(error))
        found = {one.service for one in services if branch_matches(one.triggers.branches, push.ref)}
    return [one.service for one in services if one.service in found], skip


def _by_paths(
    app: App, push: PushReceived, base: str | None, commit: str, services: Sequence[ServicePolicy]
) -> Iterator[ServiceKey]:
    paths = app.repository(push.repository).source.changed_paths(push.repository, base, commit)
    direct = {one.service for one in services if affected(one, push.ref, paths)}
    yield from direct
    others = [one for one in services if one.service not in direct and may_follow(one, push.ref)]
    yield from _by_links(app, push.repository, commit, others, paths)


def _by_links(
    app: App, repository: str, commit: str, services: Sequence[ServicePolicy], paths: Sequence[str]
) -> Iterator[ServiceKey]:
    """Look at all folders at once, and at those of each service only where something that is led to has changed."""
    if not paths or not services:
        return
    source = app.repository(repository).source
    every = sorted({path for one in services for path in one.triggers.paths.include})
    used = source.used_paths(repository, commit, every).paths
    if not any(affected_by_links(one, used, paths) for one in services):
        return
    for one in services:
        if affected_by_links(one, source.used_paths(repository, commit, one.triggers.paths.include).paths, paths):
            yield one.service


def _base(app: App, push: PushReceived, previous: str | None, commit: str, default: str) -> str | None:
    """What a push is compared with: the tip before, or for a new or rewritten branch where it left the default one."""
    source = app.repository(push.repository).source
    if previous is not None and source.contains(push.repository, previous, commit):
        return previous
    main = source.tip(push.repository, default) if push.ref != default else None
    return source.merge_base(push.repository, main, commit) if main else None
