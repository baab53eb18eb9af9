"""What every request of a person begins with: who asks for what, and about which service; who only reads is in viewing.py."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import azure.functions as func

from functions.helpers.answers import headers_of
from shared.bootstrap import app, settings
from shared.openapi.operation import REPOSITORY, Who

if TYPE_CHECKING:
    from shared.app.operating.operate import Caller
    from shared.domain.values.names import ServiceKey


def caller_of(req: func.HttpRequest, *, who: Who) -> Caller:
    """Return who asks for a change, which is JSON; raise Unacceptable (401) or NotAllowed (403).

    Operators are known by their role. Who approves is decided by the rules: everybody who is signed in may try.
    """
    from shared.app.operating.operate import Caller
    from shared.app.people.authorize import OPERATORS, require
    from shared.inbound.json_body import check_json
    from shared.inbound.principal import refuse_other_sites
    from shared.inbound.requests import idempotency_key
    from shared.signing_in import sign_in

    headers = headers_of(req)
    principal = sign_in().principal(headers)
    refuse_other_sites(headers)
    if who != "approvers":
        require(principal.person, principal.roles, OPERATORS)
    check_json(headers)
    return Caller(
        person=principal.person,
        groups=principal.memberships,
        groups_left_out=principal.groups_left_out,
        route=f"{req.method} {urlsplit(req.url).path}?{urlsplit(req.url).query}",
        idempotency_key=idempotency_key(headers),
    )


def body_of(req: func.HttpRequest) -> dict[str, object]:
    """Read the body, none being an empty object; raise Unacceptable."""
    from shared.inbound.json_body import check_plain, check_size, read_object

    check_plain(headers_of(req))
    body = req.get_body()
    check_size(body, settings().max_body)
    return read_object(body, empty=True)


def service_of(req: func.HttpRequest) -> ServiceKey:
    """Return the service that the route names; raise NotKnown (404) or Ambiguous (409)."""
    from shared.app.operating.finding import find_service

    return find_service(app(), req.route_params["service"], REPOSITORY.of(req.params))
