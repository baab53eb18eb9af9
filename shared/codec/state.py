"""A service's partition ↔ its state: which record lies in which row, and which rows a decision changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from shared.codec.errors import UnreadableRecord
from shared.codec.keys import encode_part
from shared.codec.repository import POLICIES
from shared.codec.stored import Stored
from shared.domain.state.build import ReportedBuild
from shared.domain.state.phases import ReleasePhase
from shared.domain.state.release import ArtifactHold, EnvironmentState, Numbers, Release, ServiceState, Validation
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import Record, Time

POLICY_ROW, NUMBERS_ROW, HOLDS_ROW = "1~policy", "1~numbers", "1~holds"
ENVIRONMENT, RELEASE, VALIDATION = "1~environment~", "1~release~", "1~validation~"
ENDED_RELEASE, BUILD, ENDED = "2~release~", "2~build~", "3~ended~"

_LAST = 10**20 - 1
T = TypeVar("T")


class Ended(Record):
    """What a row of the order in which releases ended says: which one, how, and when."""

    version: str
    phase: ReleasePhase
    at: Time


# Many services are under way at once, each with an open release or two.
RELEASES = Stored[Release]("release", Release, remembers=1024)
ENVIRONMENTS = Stored[EnvironmentState]("environment", EnvironmentState, remembers=2048)
NUMBERS = Stored[Numbers]("numbers", Numbers, remembers=1024)
VALIDATIONS = Stored[Validation]("validation", Validation)
ARTIFACT_HOLDS = Stored[tuple[ArtifactHold, ...]]("artifact holds", tuple[ArtifactHold, ...])
BUILDS = Stored[ReportedBuild]("build", ReportedBuild)
ENDS = Stored[Ended]("ended", Ended)


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


def decode_state(service: ServiceKey, rows: Mapping[str, bytes], extra: Mapping[str, bytes | None]) -> ServiceState:
    """Read a service's state from its rows, without head and outbox; `extra` may hold ended releases, None if absent.

    Raise UnreadableRecord, also for a row of a kind that is not known.
    """
    environments, releases, validations = {}, {}, {}
    for key, data in rows.items():
        if key.startswith(RELEASE):
            releases[key.removeprefix(RELEASE)] = RELEASES.decode(data)
        elif key.startswith(ENVIRONMENT):
            environments[key.removeprefix(ENVIRONMENT)] = ENVIRONMENTS.decode(data)
        elif key.startswith(VALIDATION):
            validation = VALIDATIONS.decode(data)
            validations[validation.ref] = validation
        elif key not in (POLICY_ROW, NUMBERS_ROW, HOLDS_ROW):
            raise UnreadableRecord(
                f"row {key} of {service}", found=0, known=RELEASES.schema, problem="is of no known kind"
            )
    return ServiceState(
        service=service,
        policy=POLICIES.decode(rows[POLICY_ROW]) if POLICY_ROW in rows else None,
        numbers=NUMBERS.decode(rows[NUMBERS_ROW]) if NUMBERS_ROW in rows else Numbers(),
        environments=environments,
        releases=releases,
        validations=validations,
        holds=ARTIFACT_HOLDS.decode(rows[HOLDS_ROW]) if HOLDS_ROW in rows else (),
        ended={
            key.removeprefix(ENDED_RELEASE): RELEASES.decode(data) if data is not None else None
            for key, data in extra.items()
            if key.startswith(ENDED_RELEASE)
        },
    )


def encode_changes(old: ServiceState, new: ServiceState, sequence: int) -> tuple[dict[str, bytes], frozenset[str]]:
    """Return the rows to put and those to delete for a decision that commits as `sequence`; what is equal is left alone.

    Raise ValueError where a release is neither open nor ended any more: history is never dropped.
    """
    changes = _Changes()
    changes.one(POLICY_ROW, old.policy, new.policy, POLICIES)
    changes.one(NUMBERS_ROW, old.numbers, new.numbers, NUMBERS)
    changes.one(HOLDS_ROW, old.holds or None, new.holds or None, ARTIFACT_HOLDS)
    changes.many(environment_row, old.environments, new.environments, ENVIRONMENTS)
    changes.many(release_row, old.releases, new.releases, RELEASES)
    changes.many(validation_row, old.validations, new.validations, VALIDATIONS)
    for number in new.builds.keys() - old.builds.keys():
        changes.puts[build_row(number)] = BUILDS.encode(new.builds[number])
    _move_ended(changes, old, new, sequence)
    return changes.puts, frozenset(changes.deletes)


@dataclass(slots=True)
class _Changes:
    puts: dict[str, bytes] = field(default_factory=dict)
    deletes: set[str] = field(default_factory=set)

    def one(self, row: str, old: T | None, new: T | None, kind: Stored[T]) -> None:
        if new is old or new == old:
            return
        if new is None:
            self.deletes.add(row)
            return
        self.puts[row] = kind.encode(new)

    def many(self, row: Callable[[str], str], old: Mapping[str, T], new: Mapping[str, T], kind: Stored[T]) -> None:
        for key, value in new.items():
            if value is not old.get(key):
                self.one(row(key), old.get(key), value, kind)
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
        changes.puts[ended_release_row(key)] = RELEASES.encode(release)
        if _ended_now(release, before.get(key)):
            changes.puts[ended_row(sequence, ends)] = ENDS.encode(
                Ended(version=release.version.text, phase=release.phase, at=release.since)
            )
            ends += 1


def _ended_now(release: Release, before: Release | None) -> bool:
    return before is None or (before.phase, before.since) != (release.phase, release.since)
