"""A cluster as an installation's administrators made it known, by the name that slipway.yaml has for it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCluster:
    """One of `context` (of the kubeconfig file), `server` (an address) and `aks` (a resource id) says where it is.

    `authority` is PEM, empty for what the machine trusts. `token_file` holds a ServiceAccount's token; without one an address
    is shown the Entra token of the environment's identity. `identities` are those that may use it, empty for all; `shared`
    says that another name leads there too.
    """

    context: str = ""
    server: str = ""
    authority: str = ""
    aks: str = ""
    token_file: Path | None = None
    identities: frozenset[str] = frozenset()
    shared: bool = False

    @property
    def has_credentials(self) -> bool:
        """Whether it brings a token or a certificate of its own, so that whoever may name it is let in by it."""
        return bool(self.context) or self.token_file is not None

    @property
    def where(self) -> str:
        """What is the same where two names lead to one cluster, as far as settings can tell."""
        return self.server.rstrip("/").lower() or self.aks.lower() or f"context {self.context}"


def is_overheard(server: str) -> bool:
    """Whether tokens that are sent to an address can be read on the way: it is neither https nor on this machine."""
    parts = urlsplit(server)
    if parts.scheme == "https":
        return False
    try:
        return parts.scheme != "http" or not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname != "localhost"
