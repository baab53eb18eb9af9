"""Who asks: the header that Easy Auth (in production) or the local host puts in.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from shared.domain.names import Person
from shared.inbound.problems import Unacceptable

HEADER = "x-ms-client-principal"
_ROLE = "role:"
_SCHEMAS = "http://schemas.microsoft.com/"
_SOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_ID = ("oid", f"{_SCHEMAS}identity/claims/objectidentifier")
_NAME = ("name", f"{_SOAP}name")
_MAIL = ("preferred_username", "emails", "email", f"{_SOAP}emailaddress", f"{_SOAP}upn", "upn")
_GROUP = ("groups", f"{_SCHEMAS}ws/2008/06/identity/claims/groups")
_ROLES = ("roles", f"{_SCHEMAS}ws/2008/06/identity/claims/role")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person or program that signed in, with the groups and roles that the directory gave it."""

    person: Person
    groups: tuple[str, ...]
    roles: frozenset[str]

    @property
    def memberships(self) -> tuple[str, ...]:
        """Groups, and roles as `role:<name>`, as approval rules ask for them."""
        return (*self.groups, *(f"{_ROLE}{role}" for role in sorted(self.roles)))


def read_principal(headers: Mapping[str, str]) -> Principal:
    """Return who asks; `headers` has lower-case names. Raise Unacceptable (401) where that is not said or not readable."""
    text = headers.get(HEADER, "")
    if not text:
        raise _unknown("nobody is signed in; sign in, or send your key as a bearer token")
    try:
        found = json.loads(base64.b64decode(text, validate=True))
        claims = [(_characters(one["typ"]), _characters(one["val"])) for one in found["claims"]]
        role_type = str(found.get("role_typ", ""))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unknown("who is signed in cannot be read; sign in again") from error
    return _principal(claims, role_type)


def refuse_other_sites(headers: Mapping[str, str]) -> None:
    """Raise Unacceptable (403) for a write that a browser sends from a page of somebody else's."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        detail = "a page of another site may not write here; call the API with a token of your own"
        raise Unacceptable(HTTPStatus.FORBIDDEN, "other-site", detail)


def _principal(claims: list[tuple[str, str]], role_type: str) -> Principal:
    id_ = next(_of(claims, _ID), "")
    if not id_:
        raise _unknown("the sign-in has no object id; sign in again")
    mails = tuple(dict.fromkeys(mail for mail in _of(claims, _MAIL) if "@" in mail))
    name = next(_of(claims, _NAME), "") or next(iter(mails), "") or id_
    # A group may be called anything; only a role is a role.
    groups = tuple(group for group in _of(claims, _GROUP) if not group.casefold().startswith(_ROLE))
    return Principal(
        person=Person(id=id_, name=name, mails=mails),
        groups=groups,
        roles=frozenset(_of(claims, (*_ROLES, role_type))),
    )


def _characters(value: object) -> str:
    # Half of a surrogate pair could be written down nowhere; UnicodeEncodeError is a ValueError.
    return str(value).encode().decode()


def _of(claims: Iterable[tuple[str, str]], types: tuple[str, ...]) -> Iterator[str]:
    return (value for type_, value in claims if type_ in types and value)


def _unknown(detail: str) -> Unacceptable:
    return Unacceptable(HTTPStatus.UNAUTHORIZED, "not-signed-in", detail)
