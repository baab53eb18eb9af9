"""A repository's hook: which refs a push moved."""

from __future__ import annotations

from shared.domain.errors import InvalidValue
from shared.domain.events import PushReceived
from shared.domain.names import Person, ServiceKey
from shared.inbound.json_body import Body, read_object

_MOST_REFS = 1000
_MOST_ID, _MOST_REF, _MOST_NAME = 200, 500, 200


def read_pushes(body: bytes) -> tuple[PushReceived, ...]:
    """Return one event for each ref. Raise Unacceptable naming the field.

    What the refs point at is not taken from here: it is read from the repository.
    """
    found = read_object(body)
    id_ = found.text("id", most=_MOST_ID)
    repository = _repository(found)
    pusher = _pusher(found.inner("pusher"))
    refs = [
        (one, one.text("ref", most=_MOST_REF), one.text("after", default="", most=_MOST_NAME))
        for one in found.each("refs", most=_MOST_REFS)
    ]
    if not refs:
        raise found.bad("refs", "names no ref")
    for one, ref, _ in refs:
        if not ref.startswith("refs/"):
            raise one.bad("ref", f"{ref!r} is not a full name such as refs/heads/main")
    return tuple(
        PushReceived(id=f"{id_}:{ref}", repository=repository, ref=ref, commit=after, pushed_by=pusher)
        for ref, after in {ref: after for _, ref, after in refs}.items()
    )


def _repository(found: Body) -> str:
    name = found.text("repository", most=_MOST_NAME)
    try:
        # A repository's name is checked where it is part of a service's.
        return ServiceKey(name, "any").repository
    except InvalidValue as error:
        raise found.bad("repository", error.problem) from error


def _pusher(found: Body) -> Person | None:
    name = found.text("name", default="", most=_MOST_NAME).strip()
    mail = found.text("mail", default="", most=_MOST_NAME).strip()
    if not name and not mail:
        return None
    return Person(id=mail or name, name=name or mail, mails=(mail,) if mail else ())
