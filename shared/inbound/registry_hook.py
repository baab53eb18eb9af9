"""A registry's notifications, in the envelope of CNCF distribution.

https://distribution.github.io/distribution/about/notifications/
"""

from __future__ import annotations

from urllib.parse import urlsplit

from shared.domain.events import TagPushed
from shared.domain.names import DIGEST_PATTERN, Digest
from shared.inbound.json_body import Body, Form, read_object

_MOST_EVENTS = 1000
_MOST_ID, _MOST_NAME = 200, 500
_DIGEST = Form(read=lambda text: Digest(text).text, pattern=DIGEST_PATTERN)
_MANIFESTS = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)


def read_tags(body: bytes) -> tuple[TagPushed, ...]:
    """Return the pushes of tagged manifests; pulls, blobs, deletions and untagged children mean nothing to us.

    Raise Unacceptable naming the field.
    """
    return tags_in(read_object(body))


def tags_in(found: Body) -> tuple[TagPushed, ...]:
    """Return what `read_tags` does, of a body that is read already."""
    return tuple(tag for one in found.each("events", most=_MOST_EVENTS) if (tag := _tag(one)) is not None)


def _tag(event: Body) -> TagPushed | None:
    if event.text("action", default="") != "push":
        return None
    target = event.inner("target")
    tag = target.text("tag", default="", most=_MOST_NAME)
    if not tag or target.text("mediaType", default="") not in _MANIFESTS:
        return None
    id_ = event.text("id", most=_MOST_ID)
    repository = target.text("repository", most=_MOST_NAME)
    digest = Digest(target.text("digest", form=_DIGEST))
    return TagPushed(
        id=f"{id_}:{tag}", registry=_registry(event, target), repository=repository, tag=tag, digest=digest
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
