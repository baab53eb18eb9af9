"""Who pushed what is released, as far as it is told: by the message of that push, whenever it comes, or by nobody.

A message says where its push found the branch. Where nobody has told how the branch came there, somebody pushed unheard.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from shared.app.handling.handle_event import handle
from shared.app.handling.loaded_service import read_service, release_in
from shared.app.parts import App
from shared.codec.repository import TIPS, gone_row, tip_row
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import PusherFound, PushReceived
from shared.domain.state.release import Release
from shared.domain.state.repository import GONE, Pushed, Tip
from shared.domain.values.errors import InvalidVersion
from shared.domain.values.names import ServiceKey, valid_name
from shared.domain.values.records import replace
from shared.domain.values.version import Version, parse_release_branch
from shared.ports.errors import NotFound, Permanent
from shared.ports.rows import StaleRow

_MOST_PUSHED = 100
# A hook speaks right after its push, and gives up after seconds; clocks differ a little.
_HOOK_SPEAKS = timedelta(seconds=10)


def version_of(push: PushReceived) -> tuple[ServiceKey, Version] | None:
    """Read what a release branch names; None for any other branch."""
    parsed = parse_release_branch(push.ref)
    if parsed is not None and valid_name(parsed[0]):
        with suppress(InvalidVersion):
            return ServiceKey(push.repository, parsed[0]), Version.from_tag(parsed[1])
    return None


def put_tip(app: App, push: PushReceived, tip: Tip, etag: str | None) -> str | None:
    """Store a branch's tip; None where somebody was faster."""
    try:
        return app.rows.put(push.repository, tip_row(push.ref), TIPS.encode(tip), etag=etag)
    except StaleRow:
        return None


def with_unnamed(push: PushReceived, tip: Tip) -> Tip:
    """Return the tip with the unknown one who brought the branch to where this push found it, and what is known by that.

    Who made a branch that nobody is known to have deleted found it where somebody unknown had.
    """
    if version_of(push) is None or not push.before:
        return tip
    found = tip.with_push(push.before, push.commit)
    if tip.lacks_deletion != found.lacks_deletion:
        deleted_by = push.pushed_by if tip.lacks_deletion else None
        found = replace(found, pushed=_added(found.pushed, Pushed(GONE, deleted_by)))
    if push.before in (GONE, *tip.known):
        return found
    return replace(found.knowing(push.before), pushed=_added(found.pushed, Pushed(push.before, None)))


def attribute(app: App, push: PushReceived, at: datetime | None) -> None:
    """Say who pushed a part of a release that another message told of: the tick, or that of a later push.

    A message that does not say what was pushed speaks for where the branch is.
    """
    named = version_of(push)
    if named is None:
        return
    commit = push.commit or app.repository(push.repository).source.tip(push.repository, push.ref)
    release = release_in(app, read_service(app, named[0], exact=False), named[1])
    own = (Pushed(commit, push.pushed_by),) if commit and commit != GONE else ()
    if release is None:
        _keep(app, push, own, new=True)
    elif push.pushed_by is not None or push.before:
        last = _last_known(app, push)
        late = tuple(one for one in own if one.person is not None or one.commit not in last.known)
        found = with_unnamed(push, replace(last, pushed=())).pushed
        again = at is not None and push.before == GONE and at > release.created + _HOOK_SPEAKS
        left = send_who_pushed(app, push, (*found, *late), again=again)
        _keep(app, push, left, new=False)


def last_tip(app: App, push: PushReceived) -> Tip:
    """Return what was kept of a branch when it was deleted; a tip of nothing where it is new."""
    row = app.rows.get(push.repository, gone_row(push.ref))
    return TIPS.decode(row.value) if row else Tip(commit=None, number=0, sent=True)


def _last_known(app: App, push: PushReceived) -> Tip:
    row = app.rows.get(push.repository, tip_row(push.ref))
    return TIPS.decode(row.value) if row else last_tip(app, push)


def _keep(app: App, push: PushReceived, pushed: tuple[Pushed, ...], *, new: bool) -> None:
    """Keep who pushed what no release has taken in: it may be a part of one later. Of what is not `new` names are kept only."""
    while row := app.rows.get(push.repository, tip_row(push.ref)):
        tip = TIPS.decode(row.value)
        noted = with_unnamed(push, tip)
        kept = noted.pushed
        for one in pushed:
            if new or one.person is None or Pushed(one.commit, None) in kept:
                kept = _added(kept, one)
        commits = (one for one in (push.commit,) if one not in ("", GONE))
        changed = replace(noted, pushed=kept if new or pushed else tip.pushed).knowing(*commits)
        if changed == tip or put_tip(app, push, changed, row.etag) is not None:
            return


def _added(pushed: tuple[Pushed, ...], one: Pushed) -> tuple[Pushed, ...]:
    full = len(pushed) >= _MOST_PUSHED and one.person in {other.person for other in pushed}
    if one in pushed or full or (one.person is None and one.commit in {other.commit for other in pushed}):
        return pushed
    unknown = Pushed(one.commit, None)  # whoever is named for a commit takes their place
    return (*(other for other in pushed if other != unknown), one)


def send_who_pushed(
    app: App, push: PushReceived, pushed: tuple[Pushed, ...], *, again: bool = False
) -> tuple[Pushed, ...]:
    """Tell a release who pushed parts of it, and return what is no part of it, or not yet."""
    named = version_of(push) if pushed else None
    release = release_in(app, read_service(app, named[0], exact=False), named[1]) if named is not None else None
    if named is None or release is None:
        return pushed
    news = [one for one in pushed if release.with_pusher(one.person, one.commit, again=again) != release]
    parts = [one for one in news if _is_in(app, push.repository, one.commit, release)]
    for one in parts:
        handle(
            app,
            PusherFound(
                id=f"{push.id}:pusher:{one.commit[:12]}:{one.person.id if one.person else ''}",
                service=named[0],
                ref=push.ref,
                commit=one.commit,
                pushed_by=one.person,
                again=again,
            ),
            Delivery(correlation=push.id),
        )
    return tuple(one for one in news if one not in parts)


def _is_in(app: App, repository: str, commit: str, release: Release) -> bool:
    if commit == GONE:
        return True
    commits = (release.commit, *((release.next_push.commit,) if release.next_push else ()))
    try:
        return any(app.repository(repository).source.contains(repository, commit, one) for one in commits)
    except Permanent as error:
        if error.ours or isinstance(error, NotFound):
            raise
        return True  # a history that nobody can read may hold it
