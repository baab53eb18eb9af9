"""What can be read: services, releases, why they wait, what was said of a commit. Lists cost what they return."""

from __future__ import annotations

import re
from contextlib import suppress

from shared.app.handling.loaded_service import LoadedService as Snapshot
from shared.app.handling.loaded_service import read_service
from shared.app.operating import operate
from shared.app.operating.finding import Chosen, NotKnown, find_release, known_among, service_names
from shared.app.parts import App
from shared.app.people.authorize import Viewer
from shared.app.views.records import ReleaseView
from shared.app.views.release import release_view
from shared.app.views.service import hold_view, service_view
from shared.app.views.service_records import HoldView, ServiceView
from shared.app.views.view import View
from shared.codec.state import ENDED, ENDS, RELEASES, ended_release_row
from shared.domain.state.release import Release
from shared.domain.values.errors import InvalidValue
from shared.domain.values.names import ServiceKey
from shared.domain.values.version import Version
from shared.ports.errors import NotFound
from shared.ports.statuses import CommitState

COMMIT_PATTERN = r"[0-9a-f]{40}([0-9a-f]{24})?"
_COMMIT = re.compile(COMMIT_PATTERN)
AFTER_PATTERN = r"[0-9]{20}(~[0-9]{1,20})?"
_AFTER = re.compile(AFTER_PATTERN)


class ServicesPage(View):
    """Services in order of repository and name; `next` is what to ask for after them, None at the end."""

    services: tuple[ServiceView, ...]
    next: str | None


class ReleasesPage(View):
    """Open releases by version, newest first (on the first page only), then ended ones, the last to end first."""

    releases: tuple[ReleaseView, ...]
    next: str | None


class StatusView(View):
    """What a commit shows; `link` leads to the page of what it is about, where the installation has an address."""

    repository: str
    context: str
    state: CommitState
    description: str
    link: str


class StatusesView(View):
    """What a commit shows, in every repository."""

    commit: str
    statuses: tuple[StatusView, ...]


def services(app: App, *, viewer: Viewer | None, chosen: Chosen, most: int) -> ServicesPage:
    """Read a page of services, configured or with a history.

    It holds fewer than `most` where a ledger is of what never was a service, e.g. a release branch with a mistyped name.
    """
    names = service_names(app, chosen, most=most + 1)
    found = tuple(service_view(one, viewer=viewer, now=app.now()) for one in known_among(app, names[:most]))
    return ServicesPage(services=found, next=names[most - 1] if len(names) > most else None)


def service(app: App, key: ServiceKey, *, viewer: Viewer | None) -> ServiceView:
    """Read one service."""
    return service_view(read_service(app, key), viewer=viewer, now=app.now())


def release(app: App, key: ServiceKey, version: str, *, viewer: Viewer | None) -> ReleaseView:
    """Read one release; raise NotKnown."""
    return release_view(read_service(app, key), find_release(app, key, version), viewer=viewer, now=app.now())


def evidence(app: App, key: ServiceKey, version: str, promotion: str) -> bytes:
    """Read what was kept of a promotion's failed rollout, as the bytes that were kept; raise NotKnown."""
    found = find_release(app, key, version)
    for one in found.promotions:
        if str(one.number) == promotion:
            with suppress(NotFound):
                if one.evidence:
                    return app.evidence.get(one.evidence)
            raise NotKnown("unknown-evidence", f"nothing is kept of how promotion {promotion} of {version} ended")
    raise NotKnown("unknown-promotion", f"there is no promotion {promotion[:20]!r} of {key.service} {version}")


def releases(app: App, key: ServiceKey, *, viewer: Viewer | None, after: str, most: int) -> ReleasesPage:
    """Read a page of releases; `after` is the `next` of the page before. Raise InvalidValue for what is none."""
    if after and not _AFTER.fullmatch(after):
        raise InvalidValue("after", f"{after[:100]!r} is not the `next` of a page before")
    snapshot, now = read_service(app, key), app.now()
    start = f"{ENDED}{after}!" if after else ENDED
    rows = app.store.range(str(key), start, f"{ENDED}~", most=most + 1)
    shown = rows[:most]
    found = [] if after else [one for _, one in sorted(snapshot.state.releases.items(), reverse=True)]
    found += [one for _, row in shown if (one := _ended(app, snapshot, row)) is not None]
    more = len(rows) > len(shown) and len(shown) > 0
    return ReleasesPage(
        releases=tuple(release_view(snapshot, one, viewer=viewer, now=now) for one in found),
        next=shown[-1][0].removeprefix(ENDED) if more else None,
    )


def _ended(app: App, snapshot: Snapshot, row: bytes) -> Release | None:
    """Return the release whose end a row tells of, None where it was opened again and ended anew, or is open."""
    ended = ENDS.decode(row)
    key = Version.parse(ended.version).key()
    stored = (
        None if key in snapshot.state.releases else app.store.row(str(snapshot.state.service), ended_release_row(key))
    )
    found = RELEASES.decode(stored) if stored is not None else None
    return found if found is not None and (found.phase, found.since) == (ended.phase, ended.at) else None


def statuses(app: App, commit: str) -> StatusesView:
    """Read what a commit shows, in every repository that is served; raise NotKnown for what is no full commit id."""
    if not _COMMIT.fullmatch(commit):
        raise NotKnown("unknown-commit", f"{commit[:100]!r} is not a full commit id")
    found = tuple(
        StatusView.of(one, repository=repository)
        for repository in app.repositories()
        for one in app.repository(repository).statuses.statuses(repository, commit)
    )
    return StatusesView(commit=commit, statuses=found)


def holds(app: App) -> tuple[HoldView, ...]:
    """Read every hold by people whose time is not over."""
    now = app.now()
    return tuple(hold_view(one) for one in operate.holds(app) if not one.over(now))


def release_about(
    app: App, key: ServiceKey, *, version: str, promotion: str, viewer: Viewer | None
) -> ReleaseView | None:
    """Read the release that an answered request was about: by its version, or by a promotion's number."""
    snapshot = read_service(app, key)
    for one in (*snapshot.state.releases.values(), *_ended_last(app, snapshot)):
        if one.version.text == version or promotion in {str(each.number) for each in one.promotions}:
            return release_view(snapshot, one, viewer=viewer, now=app.now())
    try:
        return release(app, key, version, viewer=viewer) if version else None
    except NotKnown:
        return None


def _ended_last(app: App, snapshot: Snapshot) -> list[Release]:
    """The release that ended last: a rejection ends the one that it is about."""
    rows = app.store.range(str(snapshot.state.service), ENDED, f"{ENDED}~", most=1)
    return [one for _, row in rows if (one := _ended(app, snapshot, row)) is not None]
