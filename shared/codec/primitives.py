"""What all codecs are made of: JSON as bytes, times, durations, and a reader that names the field that is wrong.

Time is UTC with microseconds and a `Z`; a duration is a whole number of microseconds; there are no floats. A record's
JSON must be read whole: a field that nobody asked for is as unreadable as one that is missing, so that no rewrite
loses what a newer Slipway stored.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias, TypeVar

import orjson

from shared.codec.errors import UnreadableRecord
from shared.codec.fields import Fields
from shared.domain.errors import InvalidValue
from shared.domain.names import Digest, Person, ServiceKey
from shared.domain.version import Version

Json: TypeAlias = dict[str, object]
T = TypeVar("T")

_MICROSECOND = timedelta(microseconds=1)


def dump(schema: int, values: Json) -> bytes:
    """Return the stored bytes of a record: one line of JSON with sorted keys. Adds `schema` to the values.

    Raise InvalidValue for text that UTF-8 cannot hold (half of a surrogate pair).
    """
    values["schema"] = schema
    return _bytes_alone(values)


def dump_text(values: Json) -> str:
    """Return a message as one line of JSON with sorted keys; raise as `dump` does."""
    return _bytes(values).decode()


def part(values: Json) -> orjson.Fragment:
    """Return a part of a record as it will stand there; raise as `dump` does."""
    return orjson.Fragment(_bytes_alone(values))


def _bytes_alone(values: Json) -> bytes:
    # A copy: what orjson returns keeps its whole buffer, four kilobytes and more, also for fifty bytes.
    return b"".join((_bytes(values), b""))


def _bytes(values: Json) -> bytes:
    try:
        return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise InvalidValue("text", f"cannot be kept as JSON: {error}") from error


def read(kind: str, schema: int, data: bytes | str, decode: Callable[[Fields], T]) -> T:
    """Read a record of a kind whole; `schema` is the highest number that is known. Raise UnreadableRecord."""
    fields = Fields(kind, schema, _parse(kind, schema, data))
    found = fields.schema = fields.number("schema")
    if found > schema:
        raise UnreadableRecord(kind, found=found, known=schema)
    if found < 1:
        raise fields.damaged("schema", "is not a schema's number")
    result = decode(fields)
    fields.done()
    return result


def _parse(kind: str, schema: int, data: bytes | str) -> Json:
    try:
        values = orjson.loads(data)
    except ValueError as error:
        raise UnreadableRecord(kind, found=0, known=schema, problem=f"is not JSON of ours: {error}") from error
    if not isinstance(values, dict):
        raise UnreadableRecord(kind, found=0, known=schema, problem="is not a JSON object")
    return values


def time_text(value: datetime) -> str:
    """Return `2026-11-23T13:40:00.000000Z`; raise InvalidValue for a time without a zone."""
    if value.tzinfo is not UTC:
        if value.utcoffset() is None:
            raise InvalidValue("time", f"{value.isoformat()} has no zone; make it aware where it is read")
        value = value.astimezone(UTC)
    return _utc_text(value)


# Most of a record's times were in it before. In UTC only: elsewhere the two times of a repeated hour are equal.
@lru_cache(maxsize=4096)
def _utc_text(value: datetime) -> str:
    return value.isoformat(timespec="microseconds")[:26] + "Z"


def span_number(value: timedelta) -> int:
    """Return a duration in microseconds."""
    return value // _MICROSECOND


def whole(value: int) -> int:
    """Return the number; raise InvalidValue for a float, which would be refused when it is read again."""
    if type(value) is not int:
        raise InvalidValue("number", f"{value!r} is not a whole number")
    return value


def encode_person(person: Person) -> Json:
    """A person as an object; mails only where there are some."""
    values: Json = {"id": person.id, "name": person.name}
    if person.mails:
        values["mails"] = person.mails
    return values


def decode_person(fields: Fields) -> Person:
    """See encode_person."""
    return Person(id=fields.text("id"), name=fields.text("name"), mails=fields.texts("mails"))


def digest(fields: Fields, name: str) -> Digest:
    """Read a digest."""
    return fields.checked(name, Digest)


def maybe_digest(fields: Fields, name: str) -> Digest | None:
    """Read a digest that may be left out."""
    return digest(fields, name) if name in fields else None


def version(fields: Fields, name: str) -> Version:
    """Read a version."""
    return fields.checked(name, _version)


def service_key(fields: Fields, name: str) -> ServiceKey:
    """Read a service's key, `<repository>~<service>`."""
    return fields.checked(name, parse_service)


# The same few versions and services come again and again, and checking a version costs more than the rest of a record.
_version: Callable[[str], Version] = lru_cache(maxsize=1024)(Version.parse)


@lru_cache(maxsize=1024)
def parse_service(text: str) -> ServiceKey:
    """Return the key that `str` made a text of; raise InvalidValue."""
    repository, _, service = text.partition("~")
    return ServiceKey(repository, service)
