"""Docker Hub's web hook: a tag was pushed, with neither a digest nor an id.

https://docs.docker.com/docker-hub/repos/manage/webhooks/
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from shared.domain.messages.events import TagPushed
from shared.domain.values.artifact import DOCKER_HUB
from shared.inbound.json_body import NeededName, decode
from shared.inbound.registry_message import RegistryMessage

MARK = "push_data"


class PushData(msgspec.Struct, frozen=True, kw_only=True):
    """What was pushed, and when."""

    tag: NeededName
    pushed_at: int | float | None = None


class HubRepository(msgspec.Struct, frozen=True, kw_only=True):
    """Where to."""

    repo_name: NeededName


class DockerHubBody(msgspec.Struct, frozen=True, kw_only=True):
    """A push to Docker Hub."""

    push_data: PushData
    repository: HubRepository


def changes_in(found: Mapping[str, object]) -> RegistryMessage:
    """Return the push; the digest is read back. Raise Unacceptable naming the field. The `callback_url` is never called."""
    message = decode(found, DockerHubBody)
    repository, tag = message.repository.repo_name, message.push_data.tag
    # The same delivery has the same id; one push comes up to six times, with times that may differ by a second.
    id_ = hashlib.sha256("\n".join((repository, tag, str(message.push_data.pushed_at or 0))).encode()).hexdigest()
    return RegistryMessage(
        (TagPushed(id=f"docker-hub:{id_[:32]}", registry=DOCKER_HUB, repository=repository, tag=tag),)
    )
