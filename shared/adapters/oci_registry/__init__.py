"""Any OCI registry over HTTP by azure-containerregistry: Azure Container Registry, CNCF distribution, the embedded one."""

from __future__ import annotations

from shared.adapters.oci_registry.registry import OciRegistry
from shared.adapters.oci_registry.signing_in import RegistrySignIn

__all__ = ["OciRegistry", "RegistrySignIn"]
