"""Which digest an image has, as a node says after it has pulled it."""

from __future__ import annotations

import hashlib
import http.client
import json
from contextlib import suppress
from pathlib import Path

_MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_LOOPBACK = ("127.0.0.1", "localhost")


def image_id(reference: str, folder: Path) -> str | None:
    """Return `name@digest`; None where the registry has no such image.

    The digest is the reference's own, else that of `digests.json` in the folder, else the answer of a registry on loopback,
    else a hash of the reference.
    """
    name, _, digest = reference.partition("@")
    if digest:
        return f"{_without_tag(name)}@{digest}"
    name = _without_tag(reference)
    tag = reference.removeprefix(f"{name}:") if name != reference else "latest"
    with suppress(OSError, ValueError):
        known = json.loads((folder / "digests.json").read_text())
        if found := known.get(f"{name}:{tag}"):
            return f"{name}@{found}"
    with suppress(OSError, http.client.HTTPException):
        asked = _asked(name, tag)
        if asked is not None:
            return f"{name}@{asked}" if asked else None
    return f"{name}@sha256:{hashlib.sha256(reference.encode()).hexdigest()}"


def _without_tag(reference: str) -> str:
    head, colon, tag = reference.rpartition(":")
    return head if colon and "/" not in tag else reference


def _asked(name: str, tag: str) -> str | None:
    """Ask a registry on loopback; empty where it has no such image, None where there is none to ask or it says nothing."""
    host, _, repository = name.partition("/")
    if not repository or host.partition(":")[0] not in _LOOPBACK:
        return None
    connection = http.client.HTTPConnection(host, timeout=3)
    try:
        connection.request("HEAD", f"/v2/{repository}/manifests/{tag}", headers={"Accept": _MANIFESTS})
        answer = connection.getresponse()
        answer.read()
        if answer.status == 404:
            return ""
        return answer.headers["Docker-Content-Digest"] if answer.status == 200 else None
    finally:
        connection.close()
