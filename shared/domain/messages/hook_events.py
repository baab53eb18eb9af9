"""What repositories, registries and hosts that build say, before it is known which services it concerns."""

from __future__ import annotations

from typing import TypeAlias

from shared.domain.values.names import Digest
from shared.domain.values.person import Person
from shared.domain.values.records import Record


class PushReceived(Record, tag_field="type", tag="push-received"):
    """A repository's event: somebody says that a ref moved. Which services it concerns is read from the repository.

    `commit` is where it is said to have moved to, empty where nobody said; `pushed_by` counts for that commit only.
    `before` is where it is said to have stood, zeros for a new one and empty where nobody said.
    """

    id: str
    repository: str
    ref: str
    commit: str = ""
    before: str = ""
    pushed_by: Person | None = None


class TagPushed(Record, tag_field="type", tag="tag-pushed"):
    """A registry's event: somebody says that a tag was pushed. Which service it belongs to is looked up."""

    id: str
    registry: str
    repository: str
    tag: str
    digest: Digest | None = None


class ManifestDeleted(Record, tag_field="type", tag="manifest-deleted"):
    """A registry's event: somebody says that a manifest was deleted, or only a tag; with neither, a whole repository."""

    id: str
    registry: str
    repository: str
    tag: str = ""
    digest: Digest | None = None


class BuildFinished(Record, tag_field="type", tag="build-finished"):
    """An event of a host that builds: somebody says that the run of this handle ended. Whose build it is is looked up."""

    id: str
    repository: str
    handle: str


RegistryEvent: TypeAlias = TagPushed | ManifestDeleted
HookEvent: TypeAlias = PushReceived | BuildFinished | RegistryEvent
