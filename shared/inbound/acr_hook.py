"""Azure Container Registry's own web hooks. What Event Grid brings of it has the same shape inside; see acr_events.py.

https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference
"""

from __future__ import annotations

from shared.domain.events import ManifestDeleted, TagPushed
from shared.domain.names import Digest
from shared.inbound.heard import Heard
from shared.inbound.json_body import Body
from shared.inbound.registry_hook import DIGEST

PUSH, DELETE, CHART_PUSH, CHART_DELETE = "push", "delete", "chart_push", "chart_delete"
_PUSHES, _DELETIONS = (PUSH, CHART_PUSH), (DELETE, CHART_DELETE)
_MOST_ID, _MOST_NAME = 200, 500
# Charts of the old kind lie in no OCI repository; nothing here could deploy them.
_RETIRED = "application/vnd.acr.helm.chart"


def changes_in(found: Body) -> Heard:
    """Return what a web hook says happened. Raise Unacceptable naming the field."""
    return heard(found.text("id", most=_MOST_ID), found.text("action", most=_MOST_NAME), found)


def heard(id_: str, action: str, found: Body, *, registry: str = "") -> Heard:
    """Return what an action on a target comes to; `registry` is its host, where the request names none."""
    if action not in (*_PUSHES, *_DELETIONS):
        # Also ping, which tries the address, and quarantine, which tells of a push that nobody may pull yet.
        return Heard(passed_over=(f"the action {action[:100]} changes nothing that is released",))
    target = found.inner("target")
    tag = target.text("tag", default="", most=_MOST_NAME)
    if target.text("mediaType", default="", most=_MOST_NAME) == _RETIRED:
        return Heard(passed_over=("a chart of a retired chart repository; charts are OCI artifacts",))
    if action in _PUSHES and not tag:
        return Heard(passed_over=("an untagged manifest, e.g. one platform of an index",))
    repository = target.text("repository", most=_MOST_NAME)
    named = target.text("digest", default="", form=DIGEST)
    digest = Digest(named) if named else None
    host = found.inner("request").text("host", default="", most=_MOST_NAME) or registry
    if not host:
        return Heard(passed_over=(f"{repository[:100]} is of no registry: request.host is missing",))
    if action in _PUSHES:
        return Heard((TagPushed(id=id_, registry=host, repository=repository, tag=tag, digest=digest),))
    return Heard((ManifestDeleted(id=id_, registry=host, repository=repository, tag=tag, digest=digest),))
