"""A repository's hook: which refs a push moved."""

from __future__ import annotations

from shared.domain.errors import InvalidValue
from shared.domain.events import PushReceived
from shared.domain.names import REPOSITORY_PATTERN, Person, ServiceKey
from shared.inbound.json_body import Body, Form, read_object

_MOST_REFS = 1000
_MOST_ID, _MOST_REF, _MOST_NAME = 200, 500, 200


def read_pushes(body: bytes) -> tuple[PushReceived, ...]:
    """Return one event for each ref. Raise Unacceptable naming the field.

    What the refs point at is not taken from here: it is read from the repository. Who pushed is taken where it says what they
    pushed, from where to where: without that somebody else's push would be theirs.
    """
    return pushes_in(read_object(body))


def pushes_in(found: Body) -> tuple[PushReceived, ...]:
    """Return what `read_pushes` does, of a body that is read already."""
    id_ = found.text("id", most=_MOST_ID)
    repository = found.text("repository", most=_MOST_NAME, form=_REPOSITORY)
    pusher = _pusher(found.inner("pusher"))
    refs = [
        (one.text("ref", most=_MOST_REF, form=_REF), (_commit(one, "before"), _commit(one, "after")))
        for one in found.each("refs", least=1, most=_MOST_REFS)
    ]
    return tuple(
        PushReceived(
            id=f"{id_}:{ref}",
            repository=repository,
            ref=ref,
            commit=after,
            before=before,
            pushed_by=pusher if before and after else None,
        )
        for ref, (before, after) in dict(refs).items()
    )


def _read_repository(text: str) -> str:
    # A repository's name is checked where it is part of a service's.
    return ServiceKey(text, "any").repository


def _read_ref(text: str) -> str:
    if not text.startswith("refs/"):
        raise InvalidValue("ref", f"{text!r} is not a full name such as refs/heads/main")
    return text


_REPOSITORY = Form(read=_read_repository, pattern=REPOSITORY_PATTERN)
_REF = Form(read=_read_ref, pattern=r"refs/[\s\S]*")


def _commit(one: Body, field: str) -> str:
    return one.text(field, default="", most=_MOST_NAME)


def _pusher(found: Body) -> Person | None:
    name = found.text("name", default="", most=_MOST_NAME).strip()
    mail = found.text("mail", default="", most=_MOST_NAME).strip()
    if not name and not mail:
        return None
    return Person(id=mail or name, name=name or mail, mails=(mail,) if mail else ())
