"""What each repository holds: links to blobs and manifests, tags, and who refers to what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from infra.local.registry.blobs import Blobs
from infra.local.registry.errors import RegistryError, missing_part, unknown_blob, unknown_manifest
from infra.local.registry.files import write_whole
from infra.local.registry.manifests import Manifest
from infra.local.registry.names import is_digest


class Repositories:
    """Small files below `repositories/<name>`. Links are written after what they lead to, a tag last of all."""

    def __init__(self, root: Path, blobs: Blobs) -> None:
        self._root = root / "repositories"
        self._blobs = blobs

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the blob was pushed to or mounted into this repository."""
        return self._link(repository, "_blobs", digest).exists()

    def blob(self, repository: str, digest: str) -> Path:
        """The file of a blob of this repository; raise RegistryError where it is not linked here."""
        if not self.has_blob(repository, digest):
            raise unknown_blob(digest)
        return self._blobs.path(digest)

    def link_blob(self, repository: str, digest: str) -> None:
        """Make a stored blob one of this repository."""
        if not self.has_blob(repository, digest):
            self._write(self._link(repository, "_blobs", digest), b"")

    def resolve(self, repository: str, reference: str) -> str:
        """The digest that a tag names, or the digest itself; raise RegistryError where there is none."""
        if is_digest(reference):
            return reference
        try:
            return self._tag(repository, reference).read_text()
        except FileNotFoundError:
            raise unknown_manifest(reference) from None

    def manifest(self, repository: str, reference: str) -> tuple[str, str, Path]:
        """Digest, media type and file of a manifest; raise RegistryError where it is not here."""
        digest = self.resolve(repository, reference)
        try:
            media_type = self._link(repository, "_manifests", digest).read_text()
        except FileNotFoundError:
            raise unknown_manifest(reference) from None
        return digest, media_type, self._blobs.path(digest)

    def put_manifest(self, repository: str, manifest: Manifest, tag: str | None) -> str:
        """Keep a manifest whose parts are all here, then let the tag name it; return its digest."""
        for kind, digests in (("_blobs", manifest.blobs), ("_manifests", manifest.children)):
            for digest in digests:
                if not self._link(repository, kind, digest).exists():
                    raise missing_part(repository, digest)
        digest = self._blobs.put(manifest.content)
        self._write(self._link(repository, "_manifests", digest), manifest.media_type.encode())
        if manifest.subject:
            descriptor = json.dumps(manifest.descriptor(), sort_keys=True)
            self._write(self._referrers(repository, manifest.subject) / digest[7:], descriptor.encode())
        if tag:
            self._write(self._tag(repository, tag), digest.encode())
        return digest

    def delete_manifest(self, repository: str, reference: str) -> None:
        """Remove a tag; or, by digest, a manifest with every tag of it. Blobs stay."""
        digest, _, _ = self.manifest(repository, reference)
        if not is_digest(reference):
            self._tag(repository, reference).unlink(missing_ok=True)
            return
        for tag in self.tags(repository):
            if self.resolve(repository, tag) == digest:
                self._tag(repository, tag).unlink(missing_ok=True)
        for referrer in self._folder(repository, "_referrers").glob(f"*/{digest[7:]}"):
            referrer.unlink(missing_ok=True)
        self._link(repository, "_manifests", digest).unlink(missing_ok=True)

    def tags(self, repository: str) -> Sequence[str]:
        """Tags in lexical order; raise RegistryError for a repository that nothing was pushed to."""
        if not self._folder(repository, "_manifests").is_dir():
            raise RegistryError(404, "NAME_UNKNOWN", f"repository {repository} does not exist")
        folder = self._folder(repository, "_tags")
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else ()

    def referrers(self, repository: str, subject: str) -> Sequence[dict[str, object]]:
        """Descriptors of the manifests that name this digest as their subject."""
        folder = self._referrers(repository, subject)
        if not folder.is_dir():
            return ()
        return [json.loads(path.read_bytes()) for path in sorted(folder.iterdir())]

    def _folder(self, repository: str, kind: str) -> Path:
        return self._root / repository / kind

    def _link(self, repository: str, kind: str, digest: str) -> Path:
        return self._folder(repository, kind) / digest.removeprefix("sha256:")

    def _tag(self, repository: str, tag: str) -> Path:
        return self._folder(repository, "_tags") / tag

    def _referrers(self, repository: str, subject: str) -> Path:
        return self._folder(repository, "_referrers") / subject.removeprefix("sha256:")

    def _write(self, path: Path, content: bytes) -> None:
        write_whole(path, content, self._blobs.scratch)
