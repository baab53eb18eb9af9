"""What the registry answers when it refuses, in the words of the OCI distribution specification."""

from __future__ import annotations


class RegistryError(Exception):
    """A refusal: `code` from the specification's table, `status` the HTTP status that goes with it."""

    def __init__(self, status: int, code: str, message: str, detail: object = None) -> None:
        self.status, self.code, self.message, self.detail = status, code, message, detail
        super().__init__(f"{code}: {message}")


def invalid_name(name: str) -> RegistryError:
    """A repository or tag that cannot be one."""
    return RegistryError(400, "NAME_INVALID", f"{name[:300]!r} is not a repository's name")


def unknown_manifest(reference: str) -> RegistryError:
    """Nothing under this tag or digest."""
    return RegistryError(404, "MANIFEST_UNKNOWN", f"manifest {reference} is not in this repository")


def unknown_blob(digest: str) -> RegistryError:
    """No such blob in this repository."""
    return RegistryError(404, "BLOB_UNKNOWN", f"blob {digest} is not in this repository")


def missing_part(repository: str, digest: str) -> RegistryError:
    """A manifest came before what it refers to."""
    return RegistryError(404, "MANIFEST_BLOB_UNKNOWN", f"{digest} is not in {repository}; push it first")


def unknown_upload(session: str) -> RegistryError:
    """The upload ended, or the registry was started anew meanwhile."""
    return RegistryError(404, "BLOB_UPLOAD_UNKNOWN", f"upload {session} is not under way; start it again")


def wrong_digest(claimed: str, found: str) -> RegistryError:
    """The bytes are not what they were said to be."""
    return RegistryError(400, "DIGEST_INVALID", f"the content has the digest {found}, not {claimed}")
