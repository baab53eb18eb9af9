"""Helm's own records of a release: one Secret for each revision, read and marked here without Helm.

The content is base64 of gzip of JSON, and base64 once more by the Secret. Helm looks at the label `status` first, and at
`info.status` in the content, so both are kept alike.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.reading import part, when
from shared.ports.errors import NotFound, Permanent

PENDING = frozenset({"pending-install", "pending-upgrade", "pending-rollback", "uninstalling"})
_TYPE = "helm.sh/release.v1"
# Only what stands beside the content: a history may hold ten records of a MiB each.
_NAMES_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
# A Secret holds a MiB, and what little is packed there may come to anything.
_LARGEST, _MOST_VALUES = 32 * 1024 * 1024, 1_000_000
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A revision as its Secret's labels tell: `own` are the labels that are not Helm's, `touched` when a client wrote it last.

    That is in seconds since the epoch by the client's clock, 0 where it does not say; `created` is when the cluster got it, 0
    where that is not known. Labels are anybody's who may write Secrets there, `number` and `created` are not.
    """

    release: str
    number: int
    status: str
    own: Mapping[str, str]
    touched: int = 0
    created: int = 0

    @property
    def pending(self) -> bool:
        """Whether some client is at it, or died in it."""
        return self.status in PENDING

    @property
    def secret(self) -> str:
        """The name of its Secret."""
        return f"sh.helm.release.v1.{self.release}.v{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRecord:
    """The content of a revision: what was rendered, with what values, of which chart; `version` is for writing it back.

    `created` is when the record was made, by the cluster's clock: just before its objects were applied.
    """

    revision: Revision
    description: str
    manifest: str
    values: Mapping[str, Any]
    chart: Mapping[str, Any]
    version: str
    created: str


def history(api: Api, namespace: str, release: str) -> tuple[Revision, ...]:
    """Read a release's revisions, the newest last; empty where there are none."""
    found: list[Revision] = []
    following = ""
    while True:
        query = [("labelSelector", f"owner=helm,name={release}"), ("fieldSelector", f"type={_TYPE}"), ("limit", "200")]
        query += [("continue", following)] if following else []
        answer = api.get(("api", "v1", "namespaces", namespace, "secrets"), query, accept=_NAMES_ONLY)
        for one in answer.get("items") or ():
            metadata = one.get("metadata", {})
            _, _, number = str(metadata.get("name")).partition(f"sh.helm.release.v1.{release}.v")
            # A label says what somebody wrote; Helm finds a revision by this name.
            if _NUMBER.fullmatch(number):
                found.append(_revision(release, int(number), metadata))
        following = answer.get("metadata", {}).get("continue") or ""
        if not following:
            return tuple(sorted(found, key=lambda one: one.number))


def read(api: Api, namespace: str, release: str, number: int) -> ReleaseRecord | None:
    """Read what a revision's record holds; None where it is not there. Raise Permanent where it cannot be read."""
    name = f"sh.helm.release.v1.{release}.v{number}"
    try:
        secret = api.get(("api", "v1", "namespaces", namespace, "secrets", name))
    except NotFound:
        return None
    content = _content(namespace, name, secret)
    return ReleaseRecord(
        revision=_revision(release, number, secret["metadata"]),
        description=_text(part(content, "info").get("description")),
        manifest=_text(content.get("manifest")),
        values=part(content, "config"),
        chart={
            key: _text(value) if isinstance(value, str) else value
            for key, value in part(content, "chart", "metadata").items()
        },
        version=str(secret["metadata"]["resourceVersion"]),
        created=str(secret["metadata"].get("creationTimestamp") or ""),
    )


def mark(
    api: Api,
    namespace: str,
    release: ReleaseRecord,
    *,
    description: str,
    status: str | None = None,
    labels: Mapping[str, str] | None = None,
    final: bool = False,
) -> None:
    """Write a description, and a status and labels where given, into a record that is still as it was read.

    `final` lets nobody write it any more, a client that wakes late included. Raise Conflict where somebody wrote it since.
    """
    name = release.revision.secret
    path = ("api", "v1", "namespaces", namespace, "secrets", name)
    secret = api.get(path)
    content = _content(namespace, name, secret)
    about = content["info"] = {**part(content, "info"), "description": description}
    told = dict(secret["metadata"].get("labels") or {}) | dict(labels or {})
    if status is not None:
        about["status"] = told["status"] = status
    secret["metadata"]["labels"] = told
    secret["metadata"]["resourceVersion"] = release.version
    secret["metadata"].pop("managedFields", None)
    secret["data"] = {**secret["data"], "release": _packed(content)}
    if final:
        secret["immutable"] = True
    api.put(path, secret)


def _revision(release: str, number: int, metadata: Mapping[str, Any]) -> Revision:
    helms = {"name", "owner", "status", "version", "createdAt", "modifiedAt"}
    labels: dict[str, str] = dict(metadata.get("labels") or {})
    times = [labels.get(name) or "" for name in ("createdAt", "modifiedAt")]
    return Revision(
        release=release,
        number=number,
        status=labels.get("status") or "unknown",
        own={key: value for key, value in labels.items() if key not in helms},
        touched=max(int(one) if one.isdecimal() else 0 for one in times),
        created=int(when(metadata.get("creationTimestamp")).timestamp()),
    )


def _text(found: Any) -> str:
    """A text that can be written down anywhere, which JSON's halves of characters cannot."""
    return found.encode(errors="replace").decode() if isinstance(found, str) else ""


def _content(namespace: str, name: str, secret: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if secret.get("type") != _TYPE:
            raise ValueError(f"is of type {secret.get('type')}")
        packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
        if packed[:2] != b"\x1f\x8b":
            raise ValueError("is not packed as Helm does")
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            plain = stream.read(_LARGEST + 1)
        if len(plain) > _LARGEST:
            raise ValueError(f"is larger than {_LARGEST // (1024 * 1024)} MiB")
        if sum(map(plain.count, (b",", b"[", b"{"))) > _MOST_VALUES:
            raise ValueError(f"holds more than {_MOST_VALUES} values")
        found = json.loads(plain)
        if not isinstance(found, dict):
            raise ValueError("is no object")
    except (KeyError, TypeError, ValueError, OSError, EOFError, binascii.Error, RecursionError) as error:
        problem = f"Secret {namespace}/{name} is no record of Helm that can be read: {error}"
        raise Permanent(f"{problem}; delete it if it is not Helm's", ours=True) from error
    return found


def _packed(content: Mapping[str, Any]) -> str:
    inner = gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0)
    return base64.b64encode(base64.b64encode(inner)).decode()
