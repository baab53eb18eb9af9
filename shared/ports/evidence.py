"""Large values, kept once under the hash of what they are."""

from __future__ import annotations

from typing import Protocol


class Evidence(Protocol):
    """Large immutable values under the SHA-256 of their bytes: manifests, reports, build output."""

    def put(self, content: bytes) -> str:
        """Store the bytes and return their hash as 64 hexadecimal digits; the second time is harmless."""
        ...

    def get(self, sha256: str) -> bytes:
        """Return the bytes that were stored; raise NotFound where none are, and where what is kept are other bytes."""
        ...
