"""A repository's hook: which refs a push moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from shared.domain.messages.events import PushReceived
from shared.domain.values.names import REPOSITORY_PATTERN
from shared.domain.values.person import Person
from shared.inbound.json_body import Id, decode, looks, read_object

_MOST_REFS, _MOST_REF, _MOST_NAME = 1000, 500, 200
Named: TypeAlias = Annotated[str, Meta(max_length=_MOST_NAME)]


class MovedRef(msgspec.Struct, frozen=True, kw_only=True):
    """A ref, and the commits before and after."""

    ref: Annotated[str, looks(r"refs/[\s\S]*", "a full name such as refs/heads/main", most=_MOST_REF)]
    before: Named | None = None
    after: Named | None = None


class Pusher(msgspec.Struct, frozen=True, kw_only=True):
    """Who pushed, as far as they are known."""

    name: Named | None = None
    mail: Named | None = None


class PushBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a push moved."""

    id: Id
    repository: Annotated[str, looks(REPOSITORY_PATTERN, "a repository's name", most=_MOST_NAME)]
    pusher: Pusher | None = None
    refs: Annotated[tuple[MovedRef, ...], Meta(min_length=1, max_length=_MOST_REFS)]


def read_pushes(body: bytes) -> tuple[PushReceived, ...]:
    """Return one event for each ref. Raise Unacceptable naming the field.

    What the refs point at is not taken from here: it is read from the repository. Who pushed is taken where it says what they
    pushed, from where to where: without that somebody else's push would be theirs.
    """
    return pushes_in(read_object(body))


def pushes_in(found: Mapping[str, object]) -> tuple[PushReceived, ...]:
    """Return what `read_pushes` does, of a body that is read already."""
    push = decode(found, PushBody)
    pusher = _pusher(push.pusher or Pusher())
    return tuple(
        PushReceived(
            id=f"{push.id}:{ref}",
            repository=push.repository,
            ref=ref,
            commit=moved.after or "",
            before=moved.before or "",
            pushed_by=pusher if moved.before and moved.after else None,
        )
        for ref, moved in {one.ref: one for one in push.refs}.items()
    )


def _pusher(found: Pusher) -> Person | None:
    name, mail = (found.name or "").strip(), (found.mail or "").strip()
    if not name and not mail:
        return None
    return Person(id=mail or name, name=name or mail, mails=(mail,) if mail else ())
