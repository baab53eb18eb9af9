"""What people send with a request, declared once: read, refused and documented by it. Unknown fields are refused."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, dataclass_transform

import msgspec
from msgspec import Meta

from shared.domain.gating.gates import Gate
from shared.domain.values.names import NAME_PATTERN, REPOSITORY_PATTERN
from shared.domain.values.records import RecordMeta
from shared.domain.values.version import LONGEST, VERSION_PATTERN
from shared.inbound.json_body import MOST_TEXT, NeededText, Text, looks

_MOST_AUTHOR = 1000
# People write it as they see it, v1.0.2 or 1.0.2.
VERSION = f"v?{VERSION_PATTERN}"
_A_VERSION = "a SemVer 2 version such as 1.0.2, without build metadata"
_SCOPE = rf"everything|environment:{NAME_PATTERN}|service:({REPOSITORY_PATTERN}/)?{NAME_PATTERN}"
_A_SCOPE = "everything, environment:<name>, service:<name> or service:<repository>/<name>"

VersionText: TypeAlias = Annotated[str, looks(VERSION, _A_VERSION, most=LONGEST)]
MaybeVersion: TypeAlias = Annotated[str, looks(f"({VERSION})?", _A_VERSION, most=LONGEST)]

# A time may be left empty, as forms do; the library takes no union of a time and a text.
_MaybeTime: TypeAlias = Annotated[str, Meta(extra_json_schema={"anyOf": [{"format": "date-time"}, {"maxLength": 0}]})]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Body(msgspec.Struct, metaclass=RecordMeta, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body of ours."""


class NothingBody(Body):
    """Nothing has to be said."""


class ReasonBody(Body):
    """A reason may be given."""

    reason: Text | None = None


class PromoteBody(Body):
    """Where to."""

    environment: Annotated[str, looks(NAME_PATTERN, "an environment's name", most=MOST_TEXT)]


class RedeployBody(Body):
    """What is deployed once more; what is live where nothing is said. `restart`: its pods start anew, as after a Secret was changed."""

    version: MaybeVersion | None = None
    restart: bool = False


class RollbackBody(Body):
    """Why, and back to which version; the last good one where none is said."""

    reason: NeededText
    to: MaybeVersion | None = None


class OverrideBody(Body):
    """Which version is let past which gate, and why.

    For the gate `authors`, and for no other, `author` says who it is, separated by commas, or `none` of the approvers.
    """

    version: VersionText
    gate: Gate
    reason: NeededText
    author: Annotated[str, Meta(max_length=_MOST_AUTHOR)] | None = None


class AdoptBody(Body):
    """What runs; without a version what was found there, else nothing that counts. `dry_run` only says what would be recorded."""

    reason: NeededText
    version: MaybeVersion | None = None
    dry_run: bool = False


class AnswerBody(Body):
    """Yes or no."""

    decision: Literal["approve", "reject"]
    comment: Text | None = None


class HoldBody(Body):
    """What is held, why, and until when; without an end it holds until it is lifted."""

    scope: Annotated[str, looks(_SCOPE, _A_SCOPE, most=MOST_TEXT)]
    reason: NeededText
    until: _MaybeTime | None = None
