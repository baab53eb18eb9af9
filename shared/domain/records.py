"""Changing frozen records: a copy with some fields replaced, as cheaply as Python allows.

A decision makes a dozen of them. `dataclasses.replace` calls `__init__`, which sets each field of a frozen record the
slow way. Here a copy is of a twin class that is not frozen while it is filled, and of the record's own when it is whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, make_dataclass
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
    twin, fill = _twin(kind), _filler(names)
    read, new, checked = attrgetter(*names), object.__new__, hasattr(kind, "__post_init__")

    def copy(record: Any, changes: dict[str, Any]) -> Any:
        values = list(read(record))
        for name, value in changes.items():
            try:
                values[places[name]] = value
            except KeyError:
                raise TypeError(f"{kind.__name__} has no field {name}") from None
        made = new(twin)
        fill(made, *values)
        made.__class__ = kind
        if checked:
            made.__post_init__()
        return made

    return copy


def _twin(kind: Any) -> Any:
    """Return a class of the same layout, so that its instances can become the record's, whose fields can be set."""
    thawed = {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(kind.__name__, (kind,), thawed)


def _filler(names: tuple[str, ...]) -> Callable[..., None]:
    """Return what sets all fields in order: dataclasses writes it out, which is faster than any loop over names."""
    filled: Any = make_dataclass("Filled", names, repr=False, eq=False)
    fill: Callable[..., None] = filled.__init__
    return fill
