"""A registry's notifications, in the envelope of CNCF distribution.

https://distribution.github.io/distribution/about/notifications/
"""

from __future__ import annotations

from urllib.parse import urlsplit

from shared.domain.events import ManifestDeleted, RegistryEvent, TagPushed
from shared.domain.names import DIGEST_PATTERN, Digest
from shared.inbound.heard import Heard
from shared.inbound.json_body import Body, Form
from shared.inbound.problems import Unacceptable

MARK = "events"
_MOST_EVENTS = 1000
_MOST_ID, _MOST_NAME = 200, 500
_MOST_SHOWN, _SHOWN = 10, 200
DIGEST = Form(read=lambda text: Digest(text).text, pattern=DIGEST_PATTERN)
_MANIFESTS = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)


def changes_in(found: Body) -> Heard:
    """Return pushes of tagged manifests, and deletions; pulls, blobs and untagged children mean nothing to us.

    An event that cannot be read is passed over where there are others: a registry sends the envelope again until it is
    taken, and nothing after it. Raise Unacceptable naming the field where none can be read.
    """
    faults: list[Unacceptable] = []
    heard: list[RegistryEvent | None] = []
    for one in found.each(MARK, most=_MOST_EVENTS, faults=faults):
        try:
            heard.append(_change(one))
        except Unacceptable as fault:
            faults.append(fault)
    if faults and not heard:
        raise faults[0]
    reasons = [str(fault)[:_SHOWN] for fault in faults[:_MOST_SHOWN]]
    return Heard(tuple(one for one in heard if one is not None), tuple(reasons))


def _change(event: Body) -> RegistryEvent | None:
    action = event.text("action", default="")
    if action not in ("push", "delete"):
        return None
    target = event.inner("target")
    tag = target.text("tag", default="", most=_MOST_NAME)
    if action == "delete":
        return _deleted(event, target, tag)
    if not tag or target.text("mediaType", default="") not in _MANIFESTS:
        return None
    id_ = event.text("id", most=_MOST_ID)
    repository = target.text("repository", most=_MOST_NAME)
    digest = Digest(target.text("digest", form=DIGEST))
    return TagPushed(
        id=f"{id_}:{tag}", registry=_registry(event, target), repository=repository, tag=tag, digest=digest
    )


def _deleted(event: Body, target: Body, tag: str) -> ManifestDeleted:
    digest = target.text("digest", default="", form=DIGEST)
    id_ = event.text("id", most=_MOST_ID)
    return ManifestDeleted(
        id=id_,
        registry=_registry(event, target),
        repository=target.text("repository", most=_MOST_NAME),
        tag=tag,
        digest=Digest(digest) if digest else None,
    )


def _registry(event: Body, target: Body) -> str:
    host = event.inner("request").text("host", default="", most=_MOST_NAME)
    if host:
        return host
    url = target.text("url", default="")
    try:
        host = urlsplit(url).netloc
    except ValueError as error:
        raise target.bad("url", "is not an address") from error
    if not host:
        raise event.bad("request.host", "is missing, and target.url names no host either")
    return host
