"""Bringing an artifact into another repository without moving its layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, cast

from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.faults import reported
from shared.adapters.oci_registry.manifest import Descriptor, RawManifest
from shared.domain.names import Digest
from shared.ports.registry import CopyReport, TagTaken

# Where cosign keeps what belongs to a digest in registries without referrers, and by default in all.
_COSIGN = (".sig", ".att", ".sbom")


def copy(connection: Connection, source: str, target: str, digest: Digest, tag: str) -> CopyReport:
    """Copy all of an artifact and let the tag name it last, so that whoever sees the tag finds everything."""
    if holds(connection, target, tag, digest):
        return CopyReport(digest=digest, copied=False)
    job = _Job(connection, source, target)
    top = job.parts_of(digest)
    job.referrers_of(digest)
    job.put(top, tag)
    confirm(connection, target, tag, digest)
    return job.report(digest)


def holds(connection: Connection, repository: str, tag: str, digest: Digest) -> bool:
    """Whether the tag names the digest already; raise TagTaken where it names another one."""
    found = connection.digest_of(repository, tag)
    if found not in (None, digest):
        raise TagTaken(f"{connection.registry}/{repository}:{tag}", expected=digest, found=found)
    return found is not None


def confirm(connection: Connection, repository: str, tag: str, digest: Digest) -> None:
    """Read the tag back: the registry tells both of two racing writers that they succeeded."""
    if not holds(connection, repository, tag, digest):
        raise TagTaken(f"{connection.registry}/{repository}:{tag}", expected=digest, found=None)


class _Job:
    """One copy; counts what it did, and does nothing twice."""

    def __init__(self, connection: Connection, source: str, target: str) -> None:
        self._connection, self._source, self._target = connection, source, target
        self._done_blobs = set[Digest]()
        self._done_manifests = set[tuple[Digest, str]]()
        self._manifests = self._mounted = self._streamed = self._bytes = self._referrers = 0

    def parts_of(self, digest: Digest) -> RawManifest:
        """Copy what a manifest needs, children first, and return it to be put."""
        manifest = self._connection.manifest(self._source, str(digest))
        self._bytes += len(manifest.content)
        for child in manifest.children():
            self._whole(child.digest, str(child.digest))
        for blob in manifest.blobs():
            if blob.digest not in self._done_blobs:
                self._done_blobs.add(blob.digest)
                self._move(blob)
        return manifest

    def put(self, manifest: RawManifest, reference: str) -> None:
        """Store a manifest whose parts are there."""
        self._connection.put_manifest(self._target, reference, manifest)
        self._manifests += 1

    def referrers_of(self, digest: Digest) -> None:
        """Copy signatures and SBOMs. Tags of theirs that the target has stay: others may have signed there."""
        listed = self._connection.referrers(self._source, digest)
        for referrer in listed or ():
            self._whole(referrer, str(referrer))
            self._referrers += 1
        stem = str(digest).replace(":", "-")
        fallback = (stem,) if listed is None else ()
        for tag in (*fallback, *(stem + suffix for suffix in _COSIGN)):
            found = self._connection.digest_of(self._source, tag)
            if found is not None and self._connection.digest_of(self._target, tag) is None:
                self._whole(found, tag)
                self._referrers += 1

    def report(self, digest: Digest) -> CopyReport:
        """Say what was done."""
        return CopyReport(
            digest=digest,
            copied=True,
            manifests=self._manifests,
            blobs_mounted=self._mounted,
            blobs_streamed=self._streamed,
            bytes_downloaded=self._bytes,
            referrers=self._referrers,
        )

    def _whole(self, digest: Digest, reference: str) -> None:
        if (digest, reference) not in self._done_manifests:
            self._done_manifests.add((digest, reference))
            self.put(self.parts_of(digest), reference)

    def _move(self, blob: Descriptor) -> None:
        if self._connection.mount(self._target, blob.digest, source=self._source):
            self._mounted += 1
            return
        if self._connection.has_blob(self._target, blob.digest):
            return
        doing = f"stream {blob.digest} from {self._connection.registry}/{self._source}"
        with reported(doing), self._connection.download(self._source, blob.digest) as pieces:
            self._connection.upload(self._target, cast(IO[bytes], _Reader(pieces)))
        self._streamed += 1
        self._bytes += blob.size


class _Reader:
    """Pieces as a file that can be read, and held no more than one read at a time."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def read(self, size: int) -> bytes:
        """Return as many bytes as asked for, fewer only at the end."""
        held = [self._left]
        length = len(self._left)
        while length < size and (piece := next(self._pieces, None)) is not None:
            held.append(piece)
            length += len(piece)
        whole = b"".join(held)
        self._left = whole[size:]
        return whole[:size]
