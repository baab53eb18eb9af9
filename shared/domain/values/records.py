"""What every record is: frozen, made by keywords, and declared once.

A record's stored bytes, the refusals of what is not one, and its place in the API's document all follow from the types of
its fields. What the library does not see to by itself is kept by `tests/codec/test_declared.py`.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Annotated, Any, TypeAlias, TypeVar, dataclass_transform

from msgspec import Meta, Struct, StructMeta, field
from msgspec.structs import replace as _replace

T = TypeVar("T")

# In UTC: the library refuses a time without a zone, `shared/codec` one of another zone.
Time: TypeAlias = Annotated[datetime, Meta(tz=True)]


class RecordMeta(StructMeta):
    """Makes the fields of each class of records keyword-only; all else is inherited from `Record`."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        return super().__new__(mcs, name, bases, namespace, **{"kw_only": True, **options})


# For those who check types, who cannot know what the metaclass does.
@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Record(Struct, metaclass=RecordMeta, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A record: frozen and strict. `kw_only=False` is for small ones whose fields need no names, as `Digest`."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Policy(Record, omit_defaults=False, frozen=True, kw_only=True):
    """A record of a policy: all of it is stored, since what was pinned stays as it was when a default changes."""


def replace(record: T, /, **changes: Any) -> T:
    """Return a copy of a record, or of a frozen dataclass; raise TypeError for a field that it does not have."""
    copied: Any = record
    copied = _replace(copied, **changes) if isinstance(record, Struct) else dataclasses.replace(copied, **changes)
    kept: T = copied
    return kept


def type_name(record: Struct) -> str:
    """Return the word that tells a record from the others of its union, as it is stored."""
    return str(type(record).__struct_config__.tag)
