"""A JSON object that is read field by field; every complaint names the record, the field and the schema."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from shared.codec.errors import UnreadableRecord
from shared.domain.errors import InvalidValue

T = TypeVar("T")
Word = TypeVar("Word", bound=StrEnum)

_TIME_LENGTH = len("2026-11-23T13:40:00.000000Z")


class Fields:
    """Takes fields out of an object: what is asked for must be there and of its type, or UnreadableRecord is raised.

    Methods with a default or with `maybe` in their name allow a field to be left out. `done` refuses what is left.
    """

    __slots__ = ("_values", "kind", "known", "path", "schema")

    def __init__(self, kind: str, known: int, values: dict[str, Any], path: str = "", schema: int = 0) -> None:
        self.kind, self.known, self.path, self.schema = kind, known, path, schema
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def damaged(self, name: str, problem: str) -> UnreadableRecord:
        """Return the error that says what is wrong with a field."""
        field = f"{self.path}{name}"
        return UnreadableRecord(self.kind, found=self.schema, known=self.known, field=field, problem=problem)

    def done(self) -> None:
        """Raise UnreadableRecord where a field is left that nobody took."""
        if self._values:
            raise self.damaged(min(self._values), "is not known")

    def take(self, name: str) -> Any:
        """Take a field of any type."""
        try:
            return self._values.pop(name)
        except KeyError:
            raise self.damaged(name, "is missing") from None

    def text(self, name: str, default: str | None = None) -> str:
        """Take text."""
        if default is not None and name not in self._values:
            return default
        value = self.take(name)
        if type(value) is not str:
            raise self.damaged(name, "is not text")
        return value

    def maybe_text(self, name: str) -> str | None:
        """Take text that may be left out."""
        return self.text(name) if name in self._values else None

    def number(self, name: str, default: int | None = None) -> int:
        """Take a whole number."""
        if default is not None and name not in self._values:
            return default
        value = self.take(name)
        if type(value) is not int:
            raise self.damaged(name, "is not a whole number")
        return value

    def maybe_number(self, name: str) -> int | None:
        """Take a whole number that may be left out."""
        return self.number(name) if name in self._values else None

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Take true or false."""
        if default is not None and name not in self._values:
            return default
        value = self.take(name)
        if type(value) is not bool:
            raise self.damaged(name, "is not true or false")
        return value

    def time(self, name: str) -> datetime:
        """Take a time in UTC."""
        return self._time_in(name, self.text(name))

    def maybe_times(self, name: str) -> tuple[datetime, ...] | None:
        """Take a list of times that may be left out."""
        return tuple(self._time_in(name, text) for text in self.texts(name)) if name in self._values else None

    def _time_in(self, name: str, text: str) -> datetime:
        try:
            if len(text) != _TIME_LENGTH or text[10] != "T" or text[-1] != "Z":
                raise ValueError
            return datetime.fromisoformat(text)
        except ValueError:
            raise self.damaged(name, f"{text!r} is not a time such as 2026-11-23T13:40:00.000000Z") from None

    def maybe_time(self, name: str) -> datetime | None:
        """Take a time that may be left out."""
        return self.time(name) if name in self._values else None

    def span(self, name: str, default: timedelta | None = None) -> timedelta:
        """Take a duration, which is stored in microseconds."""
        if default is not None and name not in self._values:
            return default
        try:
            return timedelta(microseconds=self.number(name))
        except OverflowError:
            raise self.damaged(name, "is longer than a duration can be") from None

    def word(self, name: str, words: type[Word], default: Word | None = None) -> Word:
        """Take a word of a closed set."""
        if default is not None and name not in self._values:
            return default
        return self.checked(name, words)

    def maybe_word(self, name: str, words: type[Word]) -> Word | None:
        """Take a word of a closed set that may be left out."""
        return self.checked(name, words) if name in self._values else None

    def checked(self, name: str, make: Callable[[str], T]) -> T:
        """Take text and make something of it that checks it."""
        text = self.text(name)
        try:
            return make(text)
        except (InvalidValue, ValueError) as error:
            raise self.damaged(name, str(error)) from error

    def texts(self, name: str) -> tuple[str, ...]:
        """Take a list of texts; left out, it is empty."""
        return tuple(self._text_in(name, value) for value in self.items(name))

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Take a list of pairs of texts; left out, it is empty."""
        return tuple(self._pair_in(name, value) for value in self.items(name))

    def triples(self, name: str) -> tuple[tuple[str, str, str], ...]:
        """Take a list of three texts each; left out, it is empty."""
        return tuple(self._triple_in(name, value) for value in self.items(name))

    def items(self, name: str) -> list[Any]:
        """Take a list; left out, it is empty."""
        value = self._values.pop(name, None)
        if value is None:
            return []
        if type(value) is not list:
            raise self.damaged(name, "is not a list")
        return value

    def object(self, name: str) -> dict[str, Any]:
        """Take an object as it is, to be read later."""
        value = self.take(name)
        if not isinstance(value, dict):
            raise self.damaged(name, "is not an object")
        return value

    def one(self, name: str, decode: Callable[[Fields], T]) -> T:
        """Take an object and read it whole."""
        return self._read(name, self.take(name), decode)

    def maybe(self, name: str, decode: Callable[[Fields], T]) -> T | None:
        """Take an object that may be left out and read it whole."""
        return self.one(name, decode) if name in self._values else None

    def many(self, name: str, decode: Callable[[Fields], T]) -> tuple[T, ...]:
        """Take a list of objects and read each of them whole; left out, it is empty."""
        return tuple(self._read(f"{name}[{index}]", value, decode) for index, value in enumerate(self.items(name)))

    def texts_by_name(self, name: str) -> dict[str, str]:
        """Take an object of texts; left out, it is empty."""
        if name not in self._values:
            return {}
        inner = self._inner(name, self.take(name))
        return {key: inner.text(key) for key in tuple(inner._values)}

    def _text_in(self, name: str, value: Any) -> str:
        if type(value) is not str:
            raise self.damaged(name, "is not a list of texts")
        return value

    def _pair_in(self, name: str, value: Any) -> tuple[str, str]:
        match value:
            case [str(one), str(other)]:
                return one, other
        raise self.damaged(name, "is not a list of pairs of texts")

    def _triple_in(self, name: str, value: Any) -> tuple[str, str, str]:
        match value:
            case [str(one), str(other), str(third)]:
                return one, other, third
        raise self.damaged(name, "is not a list of three texts each")

    def _read(self, name: str, value: Any, decode: Callable[[Fields], T]) -> T:
        inner = self._inner(name, value)
        result = decode(inner)
        inner.done()
        return result

    def _inner(self, name: str, value: Any) -> Fields:
        if not isinstance(value, dict):
            raise self.damaged(name, "is not an object")
        return Fields(self.kind, self.known, value, f"{self.path}{name}.", self.schema)
