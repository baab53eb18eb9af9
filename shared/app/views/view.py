"""What is answered is declared once, as a view: its fields are the members of the JSON, of the API's document and of the page.

A member's name is a contract with those who call. Times are in UTC, and what is not there is null.
"""

from __future__ import annotations

from typing import Any, Self, dataclass_transform

import msgspec

from shared.domain.values.records import RecordMeta


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class View(msgspec.Struct, metaclass=RecordMeta, frozen=True, kw_only=True):
    """A record that is read."""

    @classmethod
    def of(cls, *records: Any, **more: Any) -> Self:
        """Take each field from `more`, or from the first of the records that has one of that name; raise AttributeError where none has.

        Records within them become the views that are declared there, without what those leave out.
        """
        if unknown := more.keys() - set(cls.__struct_fields__):
            raise TypeError(f"{cls.__name__} has no field {min(unknown)}")
        found = {name: more[name] if name in more else _first(records, name) for name in cls.__struct_fields__}
        return msgspec.convert(found, cls, from_attributes=True)


def _first(records: tuple[Any, ...], name: str) -> Any:
    for one in records[:-1]:
        if hasattr(one, name):
            return getattr(one, name)
    return getattr(records[-1], name)


def members(view: View) -> dict[str, object]:
    """Return an answer's members, for one that has others beside them."""
    found: dict[str, object] = msgspec.to_builtins(view)
    return found


def encode(view: View) -> bytes:
    """Return an answer's bytes."""
    return msgspec.json.encode(view)
