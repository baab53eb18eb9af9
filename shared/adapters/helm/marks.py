"""What Slipway writes beside a revision, so that whoever looks later knows whose it is.

Labels are on the record from its first moment, and are inherited by whatever comes after: a person's `helm upgrade`, a rollback.
So one of them says for which revision they were written, and elsewhere they mean nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple

from shared.adapters.kubernetes.releases import Revision

EFFECT, _REVISION, _TURN, _UNTIL = "slipway-effect", "slipway-revision", "slipway-turn", "slipway-until"
_HASH = 16


class RevisionMark(NamedTuple):
    """Whose a revision is: the effect's label, the order's turn, and until when its client may have written (epoch seconds)."""

    effect: str
    turn: int
    until: int

    def labels(self, number: int) -> dict[str, str]:
        """Return the labels for the revision of this number."""
        return {
            EFFECT: self.effect,
            _REVISION: str(number),
            _TURN: str(self.turn),
            _UNTIL: str(self.until),
        }


def mark_of(revision: Revision) -> RevisionMark | None:
    """Return whose a revision is; None where Slipway did not make it."""
    own = revision.own
    effect, turn, until = own.get(EFFECT, ""), own.get(_TURN, ""), own.get(_UNTIL, "")
    if not effect or own.get(_REVISION) != str(revision.number) or not (turn.isdecimal() and until.isdecimal()):
        return None
    return RevisionMark(effect, int(turn), int(until))


def label_of(effect: str) -> str:
    """Name an effect as a label's value may be: what people know it by, and a hash that tells it from all others."""
    words = ".".join(effect.split(":")[1:])[:40]
    return f"{words}-{hashlib.sha256(effect.encode()).hexdigest()[:_HASH]}".lstrip("-.")


def revision_text(number: int, effect: str) -> str:
    """Name a revision so that no other release of the name is taken for it: `7/4.deploy.1-0a1b2c…`."""
    return f"{number}/{effect}"


def read_revision(text: str) -> tuple[int, str]:
    """See revision_text; 0 where it is none."""
    number, _, effect = text.partition("/")
    return (int(number), effect) if number.isdecimal() else (0, "")


def seconds(at: datetime) -> int:
    """A time as the labels hold it."""
    return int(at.timestamp())
