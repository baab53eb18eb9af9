"""Content by digest, shared by all repositories, and the uploads that lead to it."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from pathlib import Path
from typing import BinaryIO

from infra.local.registry.errors import RegistryError, unknown_upload, wrong_digest
from infra.local.registry.files import publish, write_whole

_CHUNK = 1 << 20


class Blobs:
    """Files below `blobs/sha256`, named by their digest; only whole ones are ever there.

    Uploads lie apart and do not outlive a restart: a client whose upload is unknown starts it again.
    """

    def __init__(self, root: Path) -> None:
        self._blobs = root / "blobs" / "sha256"
        self._uploads = root / "uploads"
        self.scratch = root / "scratch"
        for leftover in (self._uploads, self.scratch):
            shutil.rmtree(leftover, ignore_errors=True)
            leftover.mkdir(parents=True)
        self._blobs.mkdir(parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        """Where the content of a digest lies or would lie."""
        hexadecimal = digest.removeprefix("sha256:")
        return self._blobs / hexadecimal[:2] / hexadecimal

    def put(self, content: bytes) -> str:
        """Keep a small value, such as a manifest, and return its digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if not self.path(digest).exists():
            write_whole(self.path(digest), content, self.scratch)
        return digest

    def start(self, repository: str) -> str:
        """Open an upload into a repository and return its id."""
        session = uuid.uuid4().hex
        self._file(repository, session).parent.mkdir(parents=True, exist_ok=True)
        self._file(repository, session).touch()
        return session

    def received(self, repository: str, session: str) -> int:
        """How many bytes of an upload have come in; raise RegistryError where it is not under way."""
        try:
            return self._file(repository, session).stat().st_size
        except FileNotFoundError:
            raise unknown_upload(session) from None

    def append(self, repository: str, session: str, content: BinaryIO, *, at: int | None = None) -> int:
        """Add to an upload and return its new length; `at` must be the present one where it is given."""
        present = self.received(repository, session)
        if at is not None and at != present:
            raise RegistryError(416, "BLOB_UPLOAD_INVALID", f"the upload has {present} bytes, the chunk begins at {at}")
        with self._file(repository, session).open("ab") as file:
            shutil.copyfileobj(content, file, _CHUNK)
        return self.received(repository, session)

    def finish(self, repository: str, session: str, digest: str) -> None:
        """Make an upload the blob of this digest; refuse and forget it where its content has another one."""
        self.received(repository, session)
        file = self._file(repository, session)
        with file.open("rb") as content:
            found = f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
        if found != digest:
            self.cancel(repository, session)
            raise wrong_digest(digest, found)
        publish(file, self.path(digest))

    def cancel(self, repository: str, session: str) -> None:
        """Forget an upload."""
        self._file(repository, session).unlink(missing_ok=True)

    def _file(self, repository: str, session: str) -> Path:
        # Bound to its repository, so that an id cannot be used to push into another one.
        return self._uploads / repository / "_sessions" / session
