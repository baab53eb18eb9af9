"""What the codec raises.

SlipwayError
├── UnreadableRecord      written by a newer Slipway, or damaged; never guessed at
│   └── HalfWritten       rows that belong together and do not fit: a writer was interrupted between them
├── UnknownMessage        a message of a type that nobody here has heard of
└── BrokenLedger          the chain of a ledger does not hold
"""

from __future__ import annotations

from shared.domain.values.errors import SlipwayError


class UnreadableRecord(SlipwayError):
    """A stored record or message cannot be read by this code; it was left as it is.

    `newer` tells what a newer Slipway wrote (try again later, on an upgraded worker) from damage, with its `field`.
    """

    def __init__(self, kind: str, *, found: int, known: int, field: str = "", problem: str = "is damaged") -> None:
        self.kind, self.found, self.known, self.field, self.problem = kind, found, known, field, problem
        self.newer = found > known
        # No backup holds a message; whoever reads this of one looks at poison.
        do = "find out who sent it, then dismiss it" if kind == "message" else "restore it from a backup"
        what = f"{problem} (schema {found}, known up to {known}); {do}"
        if self.newer:
            what = f"has schema {found} and this Slipway reads up to {known}; upgrade this worker"
        super().__init__(f"{kind}{f', field {field}' if field else ''}: {what}")


class HalfWritten(UnreadableRecord):
    """Rows that belong together do not fit each other; compile the repository's file again and write them anew."""


class UnknownMessage(SlipwayError):
    """A message of an unknown type; trying again cannot help."""

    def __init__(self, type_: str) -> None:
        self.type = type_
        super().__init__(
            f"message type {type_!r} is not known; requeue it where an older worker took it, or dismiss it"
        )


class BrokenLedger(SlipwayError):
    """The ledger was changed after it was written: from this sequence on it proves nothing."""

    def __init__(self, service: str, sequence: int, what: str) -> None:
        self.service, self.sequence, self.what = service, sequence, what
        of = f" of {service}" if service else ""
        super().__init__(f"ledger{of}, entry {sequence}: {what}; compare it with a backup and the anchored heads")
