"""Managed identities of Azure: whose tokens an adapter is given."""

from __future__ import annotations

from shared.adapters.azure_identity.credentials import Credentials, ManagedIdentity

__all__ = ["Credentials", "ManagedIdentity"]
