"""Names as they come in by URL; what passes here is safe as a path on disk."""

from __future__ import annotations

import re

from infra.local.registry.errors import RegistryError, invalid_name, unknown_manifest, unknown_upload

# OCI distribution specification 1.1, "Pulling manifests". No part starts with "_" or ".": those are the store's own.
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SESSION = re.compile(r"[0-9a-f]{32}")


def checked_repository(name: str) -> str:
    """Return the repository's name, or refuse it."""
    if len(name) > 255 or _REPOSITORY.fullmatch(name) is None:
        raise invalid_name(name)
    return name


def checked_digest(text: str) -> str:
    """Return a SHA-256 digest, or refuse it; other algorithms are not kept here."""
    if _DIGEST.fullmatch(text) is None:
        raise RegistryError(400, "DIGEST_INVALID", f"{text[:100]!r} is not a sha256 digest")
    return text


def is_digest(reference: str) -> bool:
    """Whether a manifest's reference is a digest and not a tag."""
    return ":" in reference


def checked_reference(reference: str) -> str:
    """Return a tag or a digest, or refuse it."""
    if is_digest(reference):
        return checked_digest(reference)
    if _TAG.fullmatch(reference) is None:
        raise unknown_manifest(f"{reference[:150]!r}")
    return reference


def checked_session(text: str) -> str:
    """Return an upload's id, or refuse it."""
    if _SESSION.fullmatch(text) is None:
        raise unknown_upload(f"{text[:64]!r}")
    return text
