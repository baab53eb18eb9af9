"""Anchors as blobs. That they cannot be changed is the container's doing: it has an immutability policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from shared.adapters.azure_storage import client
from shared.adapters.azure_storage.trouble import failures_named, patiently
from shared.on_first_use import OnFirstUse
from shared.ports.anchors import AnchorTaken
from shared.ports.errors import NotFound
from shared.telemetry import log_warning

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

CONTAINER = "slipway-anchors"
# As in client.py: what is worth trying again is tried by `patiently`.
_SETTINGS: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 30}


class BlobAnchors:
    """One blob for each, in a container that is made where it is missing, and warned of where it is not immutable."""

    def __init__(self, container: Callable[[], ContainerClient]) -> None:
        self._container = OnFirstUse(container)

    @classmethod
    def of_account(cls, name: str, credential: Any, *, suffix: str = client.AZURE) -> BlobAnchors:
        """Use an account with an identity."""

        def container() -> ContainerClient:
            from azure.storage.blob import ContainerClient

            return ContainerClient(f"https://{name}.blob.{suffix}", CONTAINER, credential=credential, **_SETTINGS)

        return cls(container)

    @classmethod
    def of_connection(cls, connection: str, *, container: str = CONTAINER) -> BlobAnchors:
        """Use an account by a connection string, as Azurite has one."""

        def made() -> ContainerClient:
            from azure.storage.blob import ContainerClient

            return ContainerClient.from_connection_string(connection, container, **_SETTINGS)

        return cls(made)

    def put(self, name: str, content: bytes) -> None:
        """See Anchors. One request whose answer was lost is found to be taken when it is tried again."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        container = self._container()

        def work() -> None:
            container.upload_blob(name, content, overwrite=False)

        with failures_named(name):
            try:
                try:
                    patiently(work)
                except ResourceNotFoundError:
                    with suppress(ResourceExistsError):  # another instance met the same gap
                        container.create_container()
                    patiently(work)
            except ResourceExistsError as error:
                raise AnchorTaken(f"anchor {name} is there already") from error
            self._warn(container)

    def newest(self, *, most: int, up_to: str = "") -> Sequence[str]:
        """See Anchors. Listed in order of name, 5,000 a request: one for each day of thirteen years."""
        from azure.core.exceptions import ResourceNotFoundError

        with failures_named(CONTAINER):
            try:
                names = patiently(lambda: list(self._container().list_blob_names()))
            except ResourceNotFoundError:
                return []
        return sorted((one for one in names if not up_to or one <= up_to), reverse=True)[:most]

    def get(self, name: str) -> bytes:
        """See Anchors."""
        from azure.core.exceptions import ResourceNotFoundError

        with failures_named(name):
            try:
                return patiently(lambda: self._container().download_blob(name).readall())
            except ResourceNotFoundError as error:
                raise NotFound(f"there is no anchor {name} in container {CONTAINER}") from error

    def close(self) -> None:
        """Close the connections."""
        for one in self._container.let_go():
            one.close()

    def _warn(self, container: ContainerClient) -> None:
        found = patiently(container.get_container_properties)
        if not (found.has_immutability_policy or found.immutable_storage_with_versioning_enabled):
            log_warning("anchors.mutable", container=found.name, reason="the container has no immutability policy")
