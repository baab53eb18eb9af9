"""A kind of record ↔ its stored bytes: `{"schema":1,"record":{…}}`, derived from the record's declaration.

What the library does not see to by itself is seen to here: a time of another zone than UTC and a key that an object holds
twice are refused. Both show by their bytes, which the same record gives when it is written, so that nothing else is looked at
twice.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

import msgspec

from shared.codec.errors import UnreadableRecord
from shared.codec.memo import Memo
from shared.domain.values.errors import InvalidValue
from shared.domain.values.names import Digest, ServiceKey
from shared.domain.values.reading import leaves, no_key_twice, problem_of
from shared.domain.values.records import Record
from shared.domain.values.version import Version

R = TypeVar("R")

# What is a text for everybody else. The same few come again and again, and checking one costs more than the rest of a record.
_TEXTS: dict[Any, Any] = {
    Digest: lru_cache(maxsize=4096)(Digest),
    ServiceKey: lru_cache(maxsize=1024)(ServiceKey.parse),
    Version: lru_cache(maxsize=1024)(Version.parse),
}
_OTHER_ZONE = re.compile(rb"T\d\d:\d\d:\d\d(?:\.\d+)?[^Z.\d]")
_NO_TIME = timedelta(0)


class StoredRow(Record, Generic[R]):
    """What a row holds. A schema's number says which declaration of the record was written."""

    schema: int
    record: R


class _Numbered(msgspec.Struct):
    schema: int


class Stored(Generic[R]):
    """Writes and reads one kind of record. `remembers` says how many are not read again while their bytes are the same."""

    def __init__(self, kind: str, declared: Any, schema: int = 1, *, remembers: int = 0) -> None:
        self.kind, self.declared, self.schema = kind, declared, schema
        self._memo = Memo[bytes, R](self.read, remembers) if remembers else None

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[StoredRow[R]]:
        return decoder(StoredRow[self.declared])  # type: ignore[name-defined]

    def encode(self, record: R) -> bytes:
        """Return the stored bytes of a record; raise InvalidValue for what would not be read again."""
        data = written(StoredRow(schema=self.schema, record=record))
        if self._memo is not None:
            self._memo.keep(data, record)
        return data

    def decode(self, data: bytes) -> R:
        """Return the record that the bytes hold; raise UnreadableRecord."""
        return self._memo.read(data) if self._memo is not None else self.read(data)

    def read(self, data: bytes) -> R:
        """Read a record as `decode` does, remembered or not."""
        try:
            row = self._decoder.decode(data)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise self._unreadable(data, error) from error
        if not is_read(row.schema, self.schema):
            raise self._damaged(row.schema, "schema", "is not a schema's number")
        try:
            look_closely(row, data)
        except InvalidValue as error:
            raise self._damaged(row.schema, error.field, error.problem) from error
        return row.record

    def _unreadable(self, data: bytes, error: Exception) -> UnreadableRecord:
        try:
            found = msgspec.json.decode(data, type=_Numbered).schema
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            found = 0
        path, problem = problem_of(error, StoredRow[self.declared])  # type: ignore[name-defined]
        return self._damaged(found, path, problem)

    def _damaged(self, found: int, path: str, problem: str) -> UnreadableRecord:
        field = path.removeprefix("record.")
        return UnreadableRecord(self.kind, found=found, known=self.schema, field=field, problem=problem)


def is_read(found: int, known: int) -> bool:
    """Whether what has a schema's number is read: earlier ones are, with the defaults of today."""
    return 1 <= found <= known


def decoder(declared: Any) -> msgspec.json.Decoder[Any]:
    """Return what reads a declared record."""
    return msgspec.json.Decoder(declared, dec_hook=_from_text)


def written(record: Record) -> bytes:
    """Return a record's JSON; raise InvalidValue for what would not be read again."""
    try:
        data = _ENCODER.encode(record)
    except (UnicodeEncodeError, TypeError) as error:
        raise InvalidValue("text", f"cannot be kept as JSON: {error}") from error
    if _OTHER_ZONE.search(data):
        _check_zones(record)
    return data


def look_closely(record: Record, data: bytes) -> None:
    """Raise InvalidValue where what was read holds a time of another zone, or a key twice."""
    if _ENCODER.encode(record) == data and not _OTHER_ZONE.search(data):
        return
    json.loads(data, object_pairs_hook=no_key_twice)
    _check_zones(record)


def _check_zones(record: Record) -> None:
    for path, one in leaves(record):
        if isinstance(one, datetime) and one.utcoffset() != _NO_TIME:
            raise InvalidValue(path, f"{one.isoformat()} is not in UTC; convert it where it is read")


def _to_text(value: Any) -> str:
    if type(value) not in _TEXTS:
        raise TypeError(f"{type(value).__name__} is not declared as a text")
    return str(value)


def _from_text(declared: Any, value: object) -> Any:
    if type(value) is not str:
        raise ValueError("is not a text")
    try:
        return _TEXTS[declared](value)
    except InvalidValue as error:
        raise ValueError(str(error)) from error


_ENCODER = msgspec.json.Encoder(enc_hook=_to_text)
