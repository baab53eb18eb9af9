"""Whose word counts about who asks: the local host's, Easy Auth's, or that of a token that Entra ID signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

from shared.inbound.entra import Entra, principal_of
from shared.inbound.principal import HEADER, Principal, read_principal, unknown
from shared.inbound.problems import WRONG_TOKEN, Unacceptable
from shared.ports.sign_in import TokenVerifier, WrongToken
from shared.telemetry import log_warning

_LOGIN = "/.auth/login/aad?post_login_redirect_uri="
# A second slash would begin the name of another site; browsers take a backslash for one, and pass over what is no text.
_BEFORE_A_SITE = "/\\" + "".join(map(chr, range(33)))
# A header of a caller is not to make us work for long; one with two hundred groups has 12 KiB.
_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Knows who may say who asks. Where nobody may, nobody is signed in: it is never open.

    `host_vouches` is the local host's, which takes callers' own headers out; `easy_auth` says that the platform does.
    """

    entra: Entra
    tokens: TokenVerifier
    now: Callable[[], datetime]
    host_vouches: bool = False
    easy_auth: bool = False

    def principal(self, headers: Mapping[str, str]) -> Principal:
        """Return who asks; `headers` has lower-case names. Raise Unacceptable (401), and Transient without keys."""
        if HEADER in headers and self.host_vouches:
            return read_principal(headers)
        if HEADER in headers and self.easy_auth and self.entra.tenant:
            return read_principal(headers, tenant=self.entra.tenant)
        token = _bearer(headers.get("authorization", ""))
        if token and self._reads_tokens():
            return self._of_token(token)
        if not self.host_vouches and not (self.entra.tenant and (self.easy_auth or self.entra.audiences)):
            # The caller is told no more than that: how this is set up is nobody's business.
            log_warning(
                "sign_in.not_set_up",
                tenant=self.entra.tenant,
                audiences=self.entra.audiences,
                easy_auth=self.easy_auth,
                hint="set SLIPWAY_ENTRA_TENANT, and SLIPWAY_ENTRA_AUDIENCES for tokens or Easy Auth for people",
            )
        raise unknown("nobody is signed in; sign in, or send your key as a bearer token")

    def login(self, headers: Mapping[str, str], path: str) -> str | None:
        """Return where a browser signs in to come back to a path of ours; None where that cannot help."""
        if not self.easy_auth or self.host_vouches or HEADER in headers:
            return None
        return _LOGIN + quote(f"/{path.lstrip(_BEFORE_A_SITE)}", safe="")

    def _reads_tokens(self) -> bool:
        return bool(self.entra.tenant and self.entra.audiences)

    def _of_token(self, token: str) -> Principal:
        try:
            if len(token) > _LONGEST:
                raise WrongToken("the token is too long to be one")
            return principal_of(self.tokens.claims(token), self.entra, self.now())
        except WrongToken as error:
            raise Unacceptable(HTTPStatus.UNAUTHORIZED, WRONG_TOKEN, str(error)) from error


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
