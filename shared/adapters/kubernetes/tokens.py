"""Tokens for clusters: those of Entra, and those that lie in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from shared.ports.errors import Permanent, Transient

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

# The application that AKS' API servers are, in every cloud: https://learn.microsoft.com/azure/aks/kubelogin-authentication
AKS = "6dae42f8-4368-4678-94ff-3960e28e3630/.default"
_LONGEST = 64 * 1024


def of_entra(cluster: str, credential: TokenCredential | None) -> Callable[[], str]:
    """Return what gives an identity's token, which azure.identity keeps and renews before it ends."""

    def token() -> str:
        if credential is None:
            raise Permanent(
                f"cluster {cluster}: no identity is held here whose token it could be shown; set SLIPWAY_IDENTITIES, or "
                f"give {cluster}.token_file in SLIPWAY_CLUSTERS",
                ours=True,
            )
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        try:
            return credential.get_token(AKS).token
        except ClientAuthenticationError as error:
            problem = f"cluster {cluster}: the environment's identity gets no token for it: {_first(error)}"
            raise Permanent(f"{problem}; assign the identity to this app", ours=True) from error
        except AzureError as error:
            raise Transient(f"cluster {cluster}: Entra ID gives no token now: {_first(error)}") from error

    return token


def of_file(cluster: str, path: Path) -> Callable[[], str]:
    """Return what reads a token, each time anew: whoever renews it writes the file."""

    def token() -> str:
        try:
            with path.open("rb") as file:
                found = file.read(_LONGEST).decode("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "holds no token"
            raise Permanent(f"cluster {cluster}: its token_file {path} cannot be read: {reason}", ours=True) from error
        if not found or not found.isprintable() or " " in found:
            raise Permanent(f"cluster {cluster}: its token_file {path} holds no token", ours=True)
        return found

    return token


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
