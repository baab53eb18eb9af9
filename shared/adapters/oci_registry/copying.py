"""Bringing an artifact into another repository without moving its layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, cast

from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.faults import reported
from shared.adapters.oci_registry.manifest import OCI_INDEX, Descriptor, RawManifest
from shared.domain.values.names import Digest
from shared.ports.errors import Permanent, Transient
from shared.ports.registry import CopyReport, TagTaken

# Where cosign keeps what belongs to a digest in registries without referrers, and by default in all.
_COSIGN = (".sig", ".att", ".sbom")
_DEEPEST = 8
# A signature of an SBOM of an image is two long.
_LONGEST_CHAIN = 5
_MOST_MANIFESTS = 200


def copy(connection: Connection, source: str, target: str, digest: Digest, tag: str) -> CopyReport:
    """Copy all of an artifact and let the tag name it last, so that whoever sees the tag finds everything.

    Where the tag names it already, only what a clean-up took of it is brought again.
    """
    tagged = holds(connection, target, tag, digest)
    if tagged and _whole(connection, target, digest):
        return CopyReport(digest=digest, copied=False)
    job = _Job(connection, source, target)
    top = job.parts_of(digest)
    job.referrers()
    lost = job.lost()
    if lost:
        name = f"{connection.registry}/{target}"
        raise Transient(f"{name} took {', '.join(lost[:3])} and does not hold it; it is brought again")
    # A tag that may not be written twice is not written twice.
    job.put(top, str(digest) if tagged else tag)
    confirm(connection, target, tag, digest)
    return job.report(digest)


def _whole(connection: Connection, repository: str, digest: Digest) -> bool:
    """Whether all parts of a manifest lie in the repository."""
    waiting, seen = [digest], {digest}
    while waiting:
        manifest = connection.found(repository, waiting.pop())
        if manifest is None:
            return False
        for part in (*manifest.children(), *manifest.blobs()):
            if part.digest in seen or part.elsewhere:
                continue
            seen.add(part.digest)
            if part.is_manifest:
                waiting.append(part.digest)
            elif not connection.has_blob(repository, part.digest):
                return False
    return True


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
        self._blobs = set[Digest]()
        self._done_manifests = set[tuple[Digest, str]]()
        self._subjects = set[Digest]()
        self._lists_referrers = True
        self._manifests = self._mounted = self._streamed = self._bytes = self._referrers = 0

    def parts_of(self, digest: Digest, depth: int = 0) -> RawManifest:
        """Copy what a manifest needs, children first, and return it to be put."""
        if depth > _DEEPEST:
            raise Permanent(f"{self._source}@{digest} lies more than {_DEEPEST} indexes deep; push a flat index")
        self._subjects.add(digest)
        if len(self._subjects) > _MOST_MANIFESTS:
            raise Permanent(
                f"{self._source}@{digest} and what belongs with it are more than {_MOST_MANIFESTS} manifests; "
                "remove signatures and SBOMs that nobody needs"
            )
        manifest = self._connection.manifest(self._source, str(digest))
        self._bytes += len(manifest.content)
        for child in manifest.children():
            self._copy(child.digest, str(child.digest), depth + 1)
        for blob in manifest.blobs():
            # Layers of others need not lie in a registry; where they do, they are part of the image as any other.
            if blob.digest not in self._blobs and (not blob.elsewhere or self._lies_there(blob)):
                self._blobs.add(blob.digest)
                self._move(blob)
        return manifest

    def lost(self) -> list[str]:
        """Name what was brought and is not there: registries say that they took what they lose."""
        missing = [one for one in self._blobs if not self._connection.has_blob(self._target, one)]
        manifests = {digest for digest, _ in self._done_manifests}
        missing += [one for one in manifests if self._connection.digest_of(self._target, str(one)) is None]
        return sorted(map(str, missing))

    def put(self, manifest: RawManifest, reference: str) -> None:
        """Store a manifest whose parts are there."""
        self._connection.put_manifest(self._target, reference, manifest)
        self._manifests += 1

    def referrers(self) -> None:
        """Copy signatures and SBOMs of all that is copied: of platforms, and of signatures and SBOMs themselves."""
        looked = set[Digest]()
        for _ in range(_LONGEST_CHAIN):
            for digest in sorted(self._subjects - looked, key=str):
                looked.add(digest)
                self._referrers_of(digest)
        for digest in self._subjects - looked:
            raise Permanent(
                f"{self._source}@{digest} ends a chain of {_LONGEST_CHAIN} signatures and SBOMs, each of the one before; "
                "remove the last ones"
            )

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

    def _copy(self, digest: Digest, reference: str, depth: int = 0) -> None:
        if (digest, reference) not in self._done_manifests:
            self._done_manifests.add((digest, reference))
            self.put(self.parts_of(digest, depth), reference)

    def _referrers_of(self, digest: Digest) -> None:
        """Tags of theirs that the target has stay: others may have signed there."""
        for referrer in self._listed(digest):
            self._copy(referrer, str(referrer))
            self._referrers += 1
        stem = str(digest).replace(":", "-")
        fallback = () if self._lists_referrers else (stem,)
        for tag in (*fallback, *(stem + suffix for suffix in _COSIGN)):
            found = self._connection.digest_of(self._source, tag)
            # Some registries take the fallback tag for the digest, and answer with the subject itself.
            if found is None or found == digest or (tag == stem and not self._is_index(found)):
                continue
            if self._connection.digest_of(self._target, tag) is None:
                self._copy(found, tag)
                self._referrers += 1

    def _listed(self, digest: Digest) -> Sequence[Digest]:
        if not self._lists_referrers:
            return ()
        listed = self._connection.referrers(self._source, digest)
        self._lists_referrers = listed is not None
        return listed or ()

    def _is_index(self, digest: Digest) -> bool:
        return self._connection.manifest(self._source, str(digest)).media_type == OCI_INDEX

    def _lies_there(self, blob: Descriptor) -> bool:
        return self._connection.has_blob(self._source, blob.digest)

    def _move(self, blob: Descriptor) -> None:
        if self._connection.mount(self._target, blob.digest, source=self._source):
            self._mounted += 1
            return
        if self._connection.has_blob(self._target, blob.digest):
            return
        doing = f"stream {blob.digest} from {self._connection.registry}/{self._source}"
        with reported(doing), self._connection.download(self._source, blob.digest) as pieces:
            self._connection.upload(self._target, cast(IO[bytes], _Reader(pieces, blob.size, doing)))
        self._streamed += 1
        self._bytes += blob.size


class _Reader:
    """Pieces as a file that can be read, and held no more than one read at a time; never more than were promised."""

    def __init__(self, pieces: Iterator[bytes], promised: int, doing: str) -> None:
        self._pieces, self._left, self._promised, self._doing = pieces, b"", promised, doing

    def read(self, size: int) -> bytes:
        """Return as many bytes as asked for, fewer only at the end."""
        held = [self._left]
        length = len(self._left)
        while length < size and (piece := next(self._pieces, None)) is not None:
            held.append(piece)
            length += len(piece)
            self._promised -= len(piece)
            if self._promised < 0:
                raise Transient(f"{self._doing}: more bytes come than its manifest says")
        whole = b"".join(held)
        self._left = whole[size:]
        return whole[:size]
