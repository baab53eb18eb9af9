"""The identities that this process holds, one credential for each."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.ports.errors import Permanent

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
    from azure.identity import ManagedIdentityCredential


class ManagedIdentity:
    """A credential for the SDKs that loads azure.identity when the first token is needed, and asks for none before.

    Tokens are kept in memory for each resource, and renewed by azure.identity: at half of their life where they live two
    hours or longer, as those of managed identities do, else five minutes before they end.
    """

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self._lock = threading.Lock()
        self._made: ManagedIdentityCredential | None = None

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """See azure.core.credentials.TokenCredential."""
        token: AccessToken = self._credential().get_token(*scopes, **options)
        return token

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """See azure.core.credentials.SupportsTokenInfo."""
        token: AccessTokenInfo = self._credential().get_token_info(*scopes, options=options)
        return token

    def _credential(self) -> ManagedIdentityCredential:
        with self._lock:
            if self._made is None:
                from azure.identity import ManagedIdentityCredential

                self._made = ManagedIdentityCredential(client_id=self.client_id)
            return self._made


class Credentials:
    """Slipway's own identity, and those of environments by the name that slipway.yaml has for them.

    An identity has one credential for the whole process, so that all who use it share its tokens.
    """

    def __init__(self, own: str, held: Mapping[str, str]) -> None:
        self._own = ManagedIdentity(own) if own else None
        self._held = {name: ManagedIdentity(client_id) for name, client_id in held.items()}

    def own(self) -> ManagedIdentity:
        """Return Slipway's own; raise Permanent where there is none."""
        if self._own is None:
            raise Permanent("SLIPWAY_IDENTITY is not set; set it to the client id of Slipway's own identity", ours=True)
        return self._own

    def of(self, identity: str) -> ManagedIdentity:
        """Return an environment's; raise Permanent where this process does not hold it."""
        found = self._held.get(identity)
        if found is None:
            raise Permanent(
                f"the identity {identity} is not held here: SLIPWAY_IDENTITIES has no client id for it; "
                "add it in the app of the worker that serves the environment, or correct `identity` in slipway.yaml",
                ours=True,
            )
        return found
