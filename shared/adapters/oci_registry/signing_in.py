"""Who we are at a registry, and which registries are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.faults import reported

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

# https://learn.microsoft.com/azure/container-registry/container-registry-concepts and its other clouds
_AZURE = re.compile(r"[a-z0-9-]{5,63}\.azurecr\.(io|cn|us)(:443)?", re.IGNORECASE)
_SCOPE = "https://containerregistry.azure.net/.default"
_NOBODY = "00000000-0000-0000-0000-000000000000"


class SignIn:
    """Signs in at Azure's registries, and at the one that the installation names, with one identity.

    slipway.yaml says where images lie. A host that it made up would be shown a token that opens every registry of Azure
    that the identity may use; so no other host is shown one.
    """

    def __init__(self, credential: TokenCredential, named: str | None = None) -> None:
        self._credential, self._named = credential, named

    def __call__(self, registry: str) -> TokenCredential | None:
        """Return the credential for a registry, None where it is not to be shown one."""
        trusted = registry == self._named or _AZURE.fullmatch(registry)
        return self._credential if trusted else None

    def password(self, registry: str) -> tuple[str, str] | None:
        """Return a name and a password of a few hours, for clients that know no tokens; None for other registries.

        Raise Transient, and Permanent where we are not let in.
        """
        credential = self(registry)
        if credential is None:
            return None
        with Connection(registry, None) as connection:
            with reported(f"sign in at {registry}"):
                entra = credential.get_token(_SCOPE).token
            return _NOBODY, connection.exchange(entra)
