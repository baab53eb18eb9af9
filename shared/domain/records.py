"""Changing frozen records: a copy with some fields replaced, as cheaply as Python allows.

A decision makes a dozen of them. `dataclasses.replace` calls `__init__`, which sets each field of a frozen record the
slow way; this fills the slots of a new record directly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")
_Copier = Callable[[Any, dict[str, Any]], Any]
_COPIERS: dict[type, _Copier] = {}


def replace(record: T, /, **changes: Any) -> T:
    """Return a copy of a frozen dataclass with slots; raise TypeError for a field that it does not have.

    As with `dataclasses.replace`, `__post_init__` checks the copy.
    """
    kind = type(record)
    copier = _COPIERS.get(kind)
    if copier is None:
        copier = _COPIERS[kind] = _copier(kind)
    copied: T = copier(record, changes)
    return copied


def _copier(kind: Any) -> _Copier:
    names = tuple(field.name for field in fields(kind))
    if len(names) < 2:
        raise TypeError(f"{kind.__name__} has one field; make a new one")
    places = {name: place for place, name in enumerate(names)}
    setters = tuple(getattr(kind, name).__set__ for name in names)
    read, new, checked = attrgetter(*names), object.__new__, hasattr(kind, "__post_init__")

    def copy(record: Any, changes: dict[str, Any]) -> Any:
        values = list(read(record))
        for name, value in changes.items():
            try:
                values[places[name]] = value
            except KeyError:
                raise TypeError(f"{kind.__name__} has no field {name}") from None
        made = new(kind)
        for put, value in zip(setters, values, strict=True):
            put(made, value)
        if checked:
            made.__post_init__()
        return made

    return copy
