"""Any OCI registry over HTTP by azure-containerregistry: Azure Container Registry, CNCF distribution, the embedded one."""

from __future__ import annotations

from shared.adapters.oci_registry.registry import OciRegistry

__all__ = ["OciRegistry"]
