"""Who asks, as the header says that Easy Auth (in production) or the local host puts in. It is worth what its writer is.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.inbound.problems import Unacceptable

if TYPE_CHECKING:
    from shared.domain.values.person import Person

HEADER = "x-ms-client-principal"
NOBODY = "not-signed-in"
_ROLE = "role:"
_SCHEMAS = "http://schemas.microsoft.com/"
_SOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_ID = ("oid", f"{_SCHEMAS}identity/claims/objectidentifier")
_NAME = ("name", f"{_SOAP}name")
_MAIL = ("preferred_username", "emails", "email", f"{_SOAP}emailaddress", f"{_SOAP}upn", "upn")
_GROUP = ("groups", f"{_SCHEMAS}ws/2008/06/identity/claims/groups")
_TENANT = ("tid", f"{_SCHEMAS}identity/claims/tenantid")
_SUBJECT = ("sub", f"{_SOAP}nameidentifier")
_PROVIDER = "aad"
_ROLES = ("roles", f"{_SCHEMAS}ws/2008/06/identity/claims/role")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person or program that signed in, with the groups and roles that the directory gave it.

    `groups_left_out` says that there were too many to be named.
    """

    person: Person
    groups: tuple[str, ...]
    roles: frozenset[str]
    groups_left_out: bool = False
    is_program: bool = False

    @property
    def memberships(self) -> tuple[str, ...]:
        """Groups, and roles as `role:<name>`, as approval rules ask for them: people answer them.

        A program has none, so that it approves only where a rule names its own id.
        """
        return () if self.is_program else (*self.groups, *(f"{_ROLE}{role}" for role in sorted(self.roles)))


def read_principal(headers: Mapping[str, str], *, tenant: str = "") -> Principal:
    """Return who asks; `headers` has lower-case names. Raise Unacceptable (401) where that is not said or not readable.

    With a tenant it has to be somebody whom Entra ID signed in there: Easy Auth knows other tenants and providers, too.
    """
    text = headers.get(HEADER, "")
    if not text:
        raise unknown("nobody is signed in; sign in, or send your key as a bearer token")
    try:
        found = json.loads(base64.b64decode(text, validate=True))
        claims = [(_characters(one["typ"]), _characters(one["val"])) for one in found["claims"]]
        provider, role_type = found.get("auth_typ"), str(found.get("role_typ", ""))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise unknown("who is signed in cannot be read; sign in again") from error
    if tenant and (provider != _PROVIDER or set(_of(claims, _TENANT)) != {tenant}):
        raise unknown("who is signed in is of another tenant than this installation's; sign in as somebody of it")
    return _principal(claims, role_type)


def groups_among(names: Iterable[str]) -> tuple[str, ...]:
    """A group may be called anything; only a role is a role."""
    return tuple(group for group in names if not group.casefold().startswith(_ROLE))


def readable(text: str) -> bool:
    """Whether it can be written down: half of a surrogate pair can be nowhere."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def refuse_other_sites(headers: Mapping[str, str]) -> None:
    """Raise Unacceptable (403) for a write that a browser sends from a page of somebody else's."""
    if _is_from_elsewhere(headers):
        detail = "a page of another site may not write here; call the API with a token of your own"
        raise Unacceptable(HTTPStatus.FORBIDDEN, "other-site", detail)


def _is_from_elsewhere(headers: Mapping[str, str]) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    # Older browsers say only where a page is from. What stands before us may say otherwise who was asked; anybody may.
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def _principal(claims: list[tuple[str, str]], role_type: str) -> Principal:
    from shared.domain.values.person import Person

    id_ = next(_of(claims, _ID), "")
    if not id_:
        raise unknown("the sign-in has no object id; sign in again")
    mails = tuple(dict.fromkeys(mail for mail in _of(claims, _MAIL) if "@" in mail))
    name = next(_of(claims, _NAME), "") or next(iter(mails), "") or id_
    return Principal(
        person=Person(id=id_, name=name, mails=mails),
        groups=groups_among(_of(claims, _GROUP)),
        roles=frozenset(_of(claims, (*_ROLES, role_type))),
        groups_left_out=_groups_left_out(claims),
        is_program=is_program(next(_of(claims, ("idtyp",)), ""), id_, next(_of(claims, _SUBJECT), "")),
    )


def is_program(kind: object, id_: str, subject: object) -> bool:
    """Whether a token is of a program: it says so, or the program is its own subject. A person's subject is another."""
    return kind == "app" or bool(id_ and subject == id_)


def _groups_left_out(claims: list[tuple[str, str]]) -> bool:
    # Each claim's value is a text here; that of `_claim_names` is an object, written as JSON.
    return "true" in _of(claims, ("hasgroups",)) or any('"groups"' in names for names in _of(claims, ("_claim_names",)))


def _characters(value: object) -> str:
    text = str(value)
    if not readable(text):
        raise ValueError("half of a character")
    return text


def _of(claims: Iterable[tuple[str, str]], types: tuple[str, ...]) -> Iterator[str]:
    return (value for type_, value in claims if type_ in types and value)


def unknown(detail: str) -> Unacceptable:
    """Nobody: 401."""
    return Unacceptable(HTTPStatus.UNAUTHORIZED, NOBODY, detail)
