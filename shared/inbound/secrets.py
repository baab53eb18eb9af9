"""Whether a hook shows the secret it was given."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from shared.inbound.problems import Unacceptable

HEADER = "x-slipway-secret"
_BEARER = "bearer "


def check_secret(headers: Mapping[str, str], expected: Iterable[str], *, bearer: bool = False) -> None:
    """Raise Unacceptable (401) unless the header, or with `bearer` also Authorization, holds one of the secrets.

    `headers` has lower-case names. Several count while one takes another one's place; without any nobody gets in.
    """
    shown = headers.get(HEADER)
    authorization = headers.get("authorization", "")
    if shown is None and bearer and authorization.lower().startswith(_BEARER):
        shown = authorization[len(_BEARER) :].strip()
    # Added up, so that each is compared, whichever is right.
    if not sum(_same(shown or "", one) for one in expected if one):
        raise wrong_secret()


def wrong_secret() -> Unacceptable:
    """What whoever shows no secret, or a wrong one, is told."""
    detail = "the secret is missing or wrong; send it as X-Slipway-Secret"
    return Unacceptable(HTTPStatus.UNAUTHORIZED, "wrong-secret", detail, field="X-Slipway-Secret")


def _same(shown: str, expected: str) -> bool:
    # Takes as long for a secret that is nearly right as for one that is quite wrong.
    return hmac.compare_digest(shown.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))
