"""Whose word counts in this process about who asks. Like the wiring beside it, made once, when somebody first asks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared import bootstrap
from shared.on_first_use import OnFirstUse

if TYPE_CHECKING:
    from shared.inbound.sign_in import SignIn

_hosts: list[object] = []


def trust(host: object) -> None:
    """Believe a host of this process who asks: it takes out what callers say about themselves, and puts in who they are.

    For the local host, which is not deployed. There is no setting for it, on purpose.
    """
    _hosts.append(host)


def distrust(host: object) -> None:
    """Believe nobody any more on this host's account."""
    _hosts[:] = [one for one in _hosts if one is not host]


def sign_in() -> SignIn:
    """Return what knows who asks."""
    return replace(_sign_in(), host_vouches=bool(_hosts))


@OnFirstUse
def _sign_in() -> SignIn:
    from shared.adapters.entra.tokens import EntraTokens
    from shared.adapters.storage.message_leases import running_time
    from shared.inbound.entra import is_private
    from shared.inbound.sign_in import SignIn

    entra = bootstrap.settings().entra
    tokens = EntraTokens(entra.issuer, entra.tenant, is_private=is_private, elapsed=running_time)
    return SignIn(entra=entra, tokens=tokens, now=bootstrap.utc_now, easy_auth=bootstrap.settings().easy_auth)
