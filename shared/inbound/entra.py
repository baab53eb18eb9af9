"""What a token of Entra ID has to say to be one for us, and who it is then.

https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from shared.domain.values.errors import InvalidValue
from shared.domain.values.names import is_object_id
from shared.inbound.principal import Principal, groups_among, is_program, readable
from shared.ports.sign_in import WrongToken

AUTHORITY, GRAPH = "https://login.microsoftonline.com", "https://graph.microsoft.com"
_STS = "https://sts.windows.net"
_OTHER_STS = {"https://login.partner.microsoftonline.cn": "https://sts.chinacloudapi.cn"}
_SKEW = timedelta(seconds=60)
_MAILS = ("preferred_username", "upn", "email")
_NAMES = ("name", "app_displayname")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entra:
    """Whose tokens count: of one tenant, for one of these audiences; none where the tenant is not named.

    `authority` signs people in and `graph` knows them; both differ in a sovereign cloud.
    """

    tenant: str = ""
    audiences: tuple[str, ...] = ()
    authority: str = AUTHORITY
    graph: str = GRAPH

    def __post_init__(self) -> None:
        if self.tenant and not is_object_id(self.tenant):
            raise InvalidValue("SLIPWAY_ENTRA_TENANT", f"{self.tenant!r} is not a tenant's id; tokens name no domain")
        for name, url in (("SLIPWAY_ENTRA_AUTHORITY", self.authority), ("SLIPWAY_GRAPH", self.graph)):
            if not is_private(url):
                raise InvalidValue(name, f"{url!r} does not begin with https://; anybody on the way could answer")

    @property
    def issuer(self) -> str:
        """Who issues tokens of today's form, and signs those of the older one as well."""
        return f"{self.authority}/{self.tenant}/v2.0"

    @property
    def issuers(self) -> tuple[str, ...]:
        """Both forms of the issuer's name; which one an app gets is set in its registration."""
        return self.issuer, f"{_OTHER_STS.get(self.authority, _STS)}/{self.tenant}/"


def is_private(url: str) -> bool:
    """Whether nobody on the way can read or change what is sent: encrypted, or within this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def principal_of(claims: Mapping[str, object], entra: Entra, now: datetime) -> Principal:
    """Return who a token, whose signature is good, is of; raise WrongToken where it is not for us, or not for now."""
    from shared.domain.values.person import Person

    _check_whose(claims, entra)
    _check_when(claims, now)
    id_ = _text(claims, "oid")
    program = is_program(claims.get("idtyp"), id_, claims.get("sub"))
    # A program's token has no scopes; what else has none is an ID token, which is for the app that asked for it.
    if not program and not _text(claims, "scp"):
        raise WrongToken("this is an ID token; send an access token")
    if not id_:
        raise WrongToken("the token has no object id")
    mails = tuple(dict.fromkeys(mail for mail in (_text(claims, name) for name in _MAILS) if "@" in mail))
    name = next(filter(None, (_text(claims, one) for one in _NAMES)), "") or next(iter(mails), "") or id_
    return Principal(
        person=Person(id=id_, name=name, mails=mails),
        groups=groups_among(_texts(claims, "groups")),
        roles=frozenset(_texts(claims, "roles")),
        groups_left_out=_groups_left_out(claims),
        is_program=program,
    )


def _check_whose(claims: Mapping[str, object], entra: Entra) -> None:
    if not entra.tenant or _text(claims, "iss") not in entra.issuers or _text(claims, "tid") != entra.tenant:
        raise WrongToken("the token was issued by another tenant than this installation's")
    # The standard allows a list; Entra ID writes one text, and what else stands there is for somebody else, too.
    if _text(claims, "aud") not in entra.audiences:
        raise WrongToken("the token is for another audience; ask for one for this API")


def _check_when(claims: Mapping[str, object], now: datetime) -> None:
    seconds = now.timestamp()
    ends, begins = _number(claims, "exp"), _number(claims, "nbf")
    if ends is None or seconds >= ends + _SKEW.total_seconds():
        raise WrongToken("the token has expired; get a new one")
    if begins is None or seconds < begins - _SKEW.total_seconds():
        raise WrongToken("the token is not valid yet; look at the clock of who sent it")


def _groups_left_out(claims: Mapping[str, object]) -> bool:
    """Whether the person is in more groups than a token holds."""
    elsewhere = claims.get("_claim_names")
    return claims.get("hasgroups") in (True, "true") or (isinstance(elsewhere, dict) and "groups" in elsewhere)


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) and readable(value) else ""


def _texts(claims: Mapping[str, object], name: str) -> Iterator[str]:
    values = claims.get(name)
    return (
        (one for one in values if isinstance(one, str) and one and readable(one))
        if isinstance(values, list)
        else iter(())
    )


def _number(claims: Mapping[str, object], name: str) -> int | None:
    value = claims.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
