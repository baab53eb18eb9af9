"""A service's partition ↔ its state: which record lies in which row, and which rows a decision changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from shared.codec.build import encode_build
from shared.codec.errors import UnreadableRecord
from shared.codec.fields import Fields
from shared.codec.keys import encode_part
from shared.codec.memo import Memo
from shared.codec.policy import decode_policy, encode_policy
from shared.codec.primitives import dump, read, time_text
from shared.codec.release import decode_release, encode_release
from shared.codec.service import (
    SCHEMA,
    decode_environment,
    decode_holds,
    decode_numbers,
    decode_validation,
    encode_environment,
    encode_holds,
    encode_numbers,
    encode_validation,
)
from shared.domain.names import ServiceKey
from shared.domain.phases import ReleasePhase
from shared.domain.release import Numbers, Release, ServiceState

POLICY, NUMBERS, HOLDS = "1~policy", "1~numbers", "1~holds"
ENVIRONMENT, RELEASE, VALIDATION = "1~environment~", "1~release~", "1~validation~"
ENDED_RELEASE, BUILD, ENDED = "2~release~", "2~build~", "3~ended~"

_LAST = 10**20 - 1
# Many services are under way at once, each with an open release or two.
_RELEASES, _ENVIRONMENTS = Memo(decode_release, 1024), Memo(decode_environment, 2048)
_POLICIES, _NUMBERS = Memo(decode_policy, 256), Memo(decode_numbers, 1024)
T = TypeVar("T")


def environment_row(name: str) -> str:
    """Name the row of an environment."""
    return f"{ENVIRONMENT}{name}"


def release_row(version_key: str) -> str:
    """Name the row of an open release."""
    return f"{RELEASE}{version_key}"


def ended_release_row(version_key: str) -> str:
    """Name the row of an ended release."""
    return f"{ENDED_RELEASE}{version_key}"


def validation_row(ref: str) -> str:
    """Name the row of a branch's validation."""
    return f"{VALIDATION}{encode_part(ref)}"


def build_row(number: int) -> str:
    """Name the row of a build that ended."""
    return f"{BUILD}{number:020d}"


def ended_row(sequence: int, nth: int = 0) -> str:
    """Name the row that tells what ended by a decision, the latest first; `nth` where one decision ended several."""
    row = f"{ENDED}{_LAST - sequence:020d}"
    return f"{row}~{nth}" if nth else row


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A release came to an end. It may have been opened again since."""

    version: str
    phase: ReleasePhase
    at: datetime


def decode_ended(data: bytes) -> Ended:
    """Read one row of the order in which releases ended; raise UnreadableRecord."""
    return read("ended", SCHEMA, data, _decode_ended)


def _decode_ended(fields: Fields) -> Ended:
    return Ended(version=fields.text("version"), phase=fields.word("phase", ReleasePhase), at=fields.time("at"))


def decode_state(service: ServiceKey, rows: Mapping[str, bytes], extra: Mapping[str, bytes | None]) -> ServiceState:
    """Read a service's state from its rows, without head and outbox; `extra` may hold ended releases, None if absent.

    Raise UnreadableRecord, also for a row of a kind that is not known.
    """
    environments, releases, validations = {}, {}, {}
    for key, data in rows.items():
        if key.startswith(RELEASE):
            releases[key.removeprefix(RELEASE)] = _RELEASES.read(data)
        elif key.startswith(ENVIRONMENT):
            environments[key.removeprefix(ENVIRONMENT)] = _ENVIRONMENTS.read(data)
        elif key.startswith(VALIDATION):
            validation = decode_validation(data)
            validations[validation.ref] = validation
        elif key not in (POLICY, NUMBERS, HOLDS):
            raise UnreadableRecord(f"row {key} of {service}", found=0, known=SCHEMA, problem="is of no known kind")
    return ServiceState(
        service=service,
        policy=_POLICIES.read(rows[POLICY]) if POLICY in rows else None,
        numbers=_NUMBERS.read(rows[NUMBERS]) if NUMBERS in rows else Numbers(),
        environments=environments,
        releases=releases,
        validations=validations,
        holds=decode_holds(rows[HOLDS]) if HOLDS in rows else (),
        ended={
            key.removeprefix(ENDED_RELEASE): decode_release(data) if data is not None else None
            for key, data in extra.items()
            if key.startswith(ENDED_RELEASE)
        },
    )


def encode_changes(old: ServiceState, new: ServiceState, sequence: int) -> tuple[dict[str, bytes], frozenset[str]]:
    """Return the rows to put and those to delete for a decision that commits as `sequence`; what is equal is left alone.

    Raise ValueError where a release is neither open nor ended any more: history is never dropped.
    """
    changes = _Changes()
    changes.one(POLICY, old.policy, new.policy, encode_policy, _POLICIES)
    changes.one(NUMBERS, old.numbers, new.numbers, encode_numbers, _NUMBERS)
    changes.one(HOLDS, old.holds or None, new.holds or None, encode_holds)
    changes.many(environment_row, old.environments, new.environments, encode_environment, _ENVIRONMENTS)
    changes.many(release_row, old.releases, new.releases, encode_release, _RELEASES)
    changes.many(validation_row, old.validations, new.validations, encode_validation)
    for number in new.builds.keys() - old.builds.keys():
        changes.puts[build_row(number)] = encode_build(new.builds[number])
    _move_ended(changes, old, new, sequence)
    return changes.puts, frozenset(changes.deletes)


@dataclass(slots=True)
class _Changes:
    puts: dict[str, bytes] = field(default_factory=dict)
    deletes: set[str] = field(default_factory=set)

    def one(
        self, row: str, old: T | None, new: T | None, encode: Callable[[T], bytes], memo: Memo[bytes, T] | None = None
    ) -> None:
        if new is old or new == old:
            return
        if new is None:
            self.deletes.add(row)
            return
        data = self.puts[row] = encode(new)
        if memo is not None:
            memo.keep(data, new)

    def many(
        self,
        row: Callable[[str], str],
        old: Mapping[str, T],
        new: Mapping[str, T],
        encode: Callable[[T], bytes],
        memo: Memo[bytes, T] | None = None,
    ) -> None:
        for key, value in new.items():
            if value is not old.get(key):
                self.one(row(key), old.get(key), value, encode, memo)
        self.deletes.update(row(key) for key in old if key not in new)


def _move_ended(changes: _Changes, old: ServiceState, new: ServiceState, sequence: int) -> None:
    """Move releases that ended out of the range that every decision reads, and reopened ones back."""
    if not old.ended and not new.ended and old.releases.keys() <= new.releases.keys():
        return
    for key in old.releases.keys() - new.releases.keys():
        if new.ended.get(key) is None:
            raise ValueError(f"release {key} of {new.service} is no longer open and has no end")
    # A state that was not read again still shows the end of a release that it has opened since.
    before = {key: release for key, release in old.ended.items() if key not in old.releases}
    for key in new.releases:
        if before.get(key) is not None:
            changes.deletes.add(ended_release_row(key))
    ends = 0
    for key, release in sorted(new.ended.items()):
        if release is None or key in new.releases or release == before.get(key):
            continue
        changes.puts[ended_release_row(key)] = encode_release(release)
        if _ended_now(release, before.get(key)):
            changes.puts[ended_row(sequence, ends)] = _encode_ended(release)
            ends += 1


def _ended_now(release: Release, before: Release | None) -> bool:
    return before is None or (before.phase, before.since) != (release.phase, release.since)


def _encode_ended(release: Release) -> bytes:
    return dump(SCHEMA, {"version": release.version.text, "phase": release.phase, "at": time_text(release.since)})
