"""Who we are at a registry, and which registries are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

# https://learn.microsoft.com/azure/container-registry/container-registry-concepts and its other clouds
_AZURE = re.compile(r"[a-z0-9-]{5,63}\.azurecr\.(io|cn|us)(:443)?", re.IGNORECASE)


class RegistrySignIn:
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
