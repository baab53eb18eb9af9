"""Letting a tag name what a repository holds."""

from __future__ import annotations

from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.copying import holds
from shared.domain.values.names import Digest
from shared.ports.errors import NotFound, Permanent, Transient


def tag(connection: Connection, repository: str, digest: Digest, tag: str) -> None:
    """Look whether the tag names the digest, put it where it names nothing, and read it back."""
    if holds(connection, repository, tag, digest):
        return
    manifest = connection.manifest(repository, str(digest))
    try:
        connection.put_manifest(repository, tag, manifest)
    except NotFound:
        raise
    except Permanent:
        # A registry whose tags cannot be moved refuses the second of two writers, also where both say the same: ACR with 403
        # or 405 for a locked tag, ECR with 400, Harbor with 409 or 412. What counts is what the tag names.
        if not holds(connection, repository, tag, digest):
            raise
    # The registry tells both of two racing writers that they succeeded.
    if not holds(connection, repository, tag, digest):
        raise Transient(f"{connection.registry}/{repository}:{tag} was put and names nothing yet")
