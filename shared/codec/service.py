"""What a service's partition holds beside policy and releases ↔ stored bytes."""

from __future__ import annotations

from shared.codec.artifact import ArtifactTable
from shared.codec.build import decode_push, decode_run, encode_push, encode_run
from shared.codec.fields import Fields
from shared.codec.primitives import Json, dump, read, time_text, whole
from shared.domain.release import ArtifactHold, ClosedRequest, EnvironmentState, Numbers, Slot, Validation

SCHEMA = 1
_ENVIRONMENT_SCHEMA = 2


def encode_environment(environment: EnvironmentState) -> bytes:
    """Return what is known of an environment as it is stored."""
    artifacts = ArtifactTable()
    values: Json = {"name": environment.name}
    if environment.live is not None:
        values["live"] = artifacts.encode(environment.live)
    if environment.good:
        values["good"] = [artifacts.encode(deployed) for deployed in environment.good]
    if environment.slot is not None:
        slot = environment.slot
        values["slot"] = {
            "version": slot.version,
            "promotion": whole(slot.promotion),
            "since": time_text(slot.since),
        }
    if environment.unknown:
        values["unknown"] = environment.unknown
    if environment.adopted:
        values["adopted"] = environment.adopted
    if environment.closed:
        values["closed"] = [{"id": one.id, "reason": one.reason} for one in environment.closed]
    schema = SCHEMA
    if environment.broken_since is not None:
        # What an older Slipway can read, it may read.
        schema = _ENVIRONMENT_SCHEMA
        values["broken_since"] = time_text(environment.broken_since)
    artifacts.add_to(values)
    return dump(schema, values)


def decode_environment(data: bytes) -> EnvironmentState:
    """Read what is known of an environment; raise UnreadableRecord."""
    return read("environment", _ENVIRONMENT_SCHEMA, data, _decode_environment)


def _decode_environment(fields: Fields) -> EnvironmentState:
    artifacts = ArtifactTable.of(fields)
    return EnvironmentState(
        name=fields.text("name"),
        live=fields.maybe("live", artifacts.decode),
        good=fields.many("good", artifacts.decode),
        slot=fields.maybe("slot", _decode_slot),
        unknown=fields.text("unknown", ""),
        adopted=fields.text("adopted", ""),
        closed=fields.many("closed", _decode_closed),
        broken_since=fields.maybe_time("broken_since"),
    )


def _decode_closed(fields: Fields) -> ClosedRequest:
    return ClosedRequest(id=fields.text("id"), reason=fields.text("reason"))


def _decode_slot(fields: Fields) -> Slot:
    return Slot(version=fields.text("version"), promotion=fields.number("promotion"), since=fields.time("since"))


def encode_validation(validation: Validation) -> bytes:
    """Return a branch's validation as it is stored."""
    values: Json = {"ref": validation.ref}
    if validation.pull_request:
        values["pull_request"] = validation.pull_request
    if validation.running:
        values["running"] = [encode_run(run) for run in validation.running]
    if validation.waiting is not None:
        values["waiting"] = encode_push(validation.waiting)
    return dump(SCHEMA, values)


def decode_validation(data: bytes) -> Validation:
    """Read a branch's validation; raise UnreadableRecord."""
    return read("validation", SCHEMA, data, _decode_validation)


def _decode_validation(fields: Fields) -> Validation:
    return Validation(
        ref=fields.text("ref"),
        pull_request=fields.text("pull_request", ""),
        running=fields.many("running", decode_run),
        waiting=fields.maybe("waiting", decode_push),
    )


def encode_holds(holds: tuple[ArtifactHold, ...]) -> bytes:
    """Return the holds on a service's artifacts as they are stored."""
    values: list[Json] = [
        {
            "id": hold.id,
            "artifact": hold.artifact,
            "version": hold.version,
            "reason": hold.reason,
            "since": time_text(hold.since),
        }
        for hold in holds
    ]
    return dump(SCHEMA, {"holds": values})


def decode_holds(data: bytes) -> tuple[ArtifactHold, ...]:
    """Read the holds on a service's artifacts; raise UnreadableRecord."""
    return read("artifact holds", SCHEMA, data, lambda fields: fields.many("holds", _decode_hold))


def _decode_hold(fields: Fields) -> ArtifactHold:
    return ArtifactHold(
        id=fields.text("id"),
        artifact=fields.text("artifact"),
        version=fields.text("version"),
        reason=fields.text("reason"),
        since=fields.time("since"),
    )


def encode_numbers(numbers: Numbers) -> bytes:
    """Return a service's last numbers as they are stored."""
    given = {"promotion": numbers.promotion, "build": numbers.build, "turn": numbers.turn}
    return dump(SCHEMA, {name: whole(number) for name, number in given.items()})


def decode_numbers(data: bytes) -> Numbers:
    """Read a service's last numbers; raise UnreadableRecord."""
    return read("numbers", SCHEMA, data, _decode_numbers)


def _decode_numbers(fields: Fields) -> Numbers:
    return Numbers(promotion=fields.number("promotion"), build=fields.number("build"), turn=fields.number("turn"))
