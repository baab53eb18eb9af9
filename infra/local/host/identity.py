"""Who is asking: stands where Easy Auth stands in production, and is as hard to get around.

Easy Auth's headers: https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.host.people import LocalPeople, LocalPerson
from infra.local.host.sessions import Sessions

_CLAIMS = "http://schemas.microsoft.com/identity/claims"
_READING = ("GET", "HEAD", "OPTIONS")


class WrongKey(Exception):
    """A key was shown that belongs to nobody."""


class ForeignPage(Exception):
    """A page of another origin tries to write with the browser's cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What the function sees instead of the caller's headers."""

    values: Mapping[str, str]
    person: LocalPerson | None


def identify(
    method: str, sent: Mapping[str, str], people: LocalPeople, sessions: Sessions, cookie_name: str
) -> Headers:
    """Take out what the caller says about themselves, the key and the session, and put in who they are.

    `sent` has lower-case names. Raise WrongKey, or ForeignPage for a write that only the cookie vouches for.
    """
    kept = {name: value for name, value in sent.items() if not name.replace("_", "-").startswith("x-ms-")}
    bearer, cookie = _bearer(sent.get("authorization", "")), _cookie(sent.get("cookie", ""), cookie_name)
    if bearer is not None:
        del kept["authorization"]
    elif cookie is not None and method not in _READING:
        check_origin(sent)
    if cookie is not None:
        kept["cookie"] = _without(sent["cookie"], cookie_name)
    if bearer is None and cookie is None:
        return Headers(values=kept, person=None)
    person = people.by_key(bearer) if bearer is not None else sessions.person(cookie or "")
    if person is None:
        raise WrongKey
    return Headers(values=kept | principal_of(person), person=person)


def principal_of(person: LocalPerson) -> dict[str, str]:
    """Return the headers that Easy Auth would add for this person."""
    claims = [(f"{_CLAIMS}/objectidentifier", person.id), ("name", person.name)]
    claims += [("preferred_username", mail) for mail in person.mails[:1]]
    claims += [("emails", mail) for mail in person.mails]
    claims += [("groups", group) for group in person.groups]
    claims += [("roles", role) for role in person.roles]
    principal = {
        "auth_typ": "aad",
        "claims": [{"typ": typ, "val": val} for typ, val in claims],
        "name_typ": "name",
        "role_typ": "roles",
    }
    name = person.mails[0] if person.mails else person.name
    return {
        "x-ms-client-principal": base64.b64encode(json.dumps(principal).encode()).decode(),
        "x-ms-client-principal-id": person.id,
        "x-ms-client-principal-name": name.encode("ascii", "replace").decode(),
        "x-ms-client-principal-idp": "aad",
    }


def _bearer(authorization: str) -> str | None:
    scheme, _, key = authorization.partition(" ")
    # Three parts with dots are a JWT, which the function itself verifies (Teams); basic is a hook's (Azure DevOps).
    if scheme.lower() != "bearer" or key.count(".") == 2:
        return None
    return key.strip()


def _cookie(cookies: str, wanted: str) -> str | None:
    for part in cookies.split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value
    return None


def _without(cookies: str, left_out: str) -> str:
    return "; ".join(part.strip() for part in cookies.split(";") if part.strip().partition("=")[0] != left_out)


def check_origin(sent: Mapping[str, str]) -> None:
    """Raise ForeignPage unless a browser says that the request is from a page of this very host."""
    site = sent.get("sec-fetch-site")
    # Another port of this machine is another origin but the same site: SameSite lets its pages send the cookie.
    ours = site == "same-origin" if site is not None else sent.get("origin") == f"http://{sent.get('host')}"
    if not ours:
        raise ForeignPage
