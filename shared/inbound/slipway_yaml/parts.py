"""Validates the file part by part, so that a fault in one hides none in another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.domain.values.names import valid_name
from shared.inbound.slipway_yaml.document import Data, Document
from shared.inbound.slipway_yaml.faults import Faults, Place
from shared.inbound.slipway_yaml.models import Environment, FileHead, Freeze, Part, Service

_SECTIONS = ("services", "environments", "freezes")
# What a file gets that names no environments.
_ENVIRONMENTS: Data = {"qa": {}, "production": {"after": ["qa"], "registry_namespace": "prod"}}
_NAMED = 2  # how deep names of services and environments lie
_EMPTY = "is empty; write a value or leave the key out"
_P = TypeVar("_P", bound=Part)

# pydantic's error types in the words of somebody who writes YAML; what is not here is said by our own validators.
_WORDS = {
    "missing": "is missing",
    "string_type": "must be text; put it in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "dict_type": "must hold keys and values",
    "model_type": "must hold keys and values",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "too_short": "must name at least one",
    "string_too_long": "is longer than {max_length} characters",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "value_error": "{error}",
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What could be read. None in place of a part: it has faults, but its name is known.

    `given` is what stands in the environments, with faults or not.
    """

    head: FileHead | None
    services: dict[str, Service | None] | None
    environments: dict[str, Environment | None]
    given: Mapping[str, Mapping[str, Data]]
    freezes: tuple[tuple[int, Freeze], ...]


def validate(document: Document) -> Parts:
    """Read every part; faults go to the document's."""
    data, faults = document.data, document.faults
    _refuse_empty(data, (), faults)
    environments = {"environments": _ENVIRONMENTS, **data}
    head = _read(FileHead, {key: value for key, value in data.items() if key not in _SECTIONS}, (), faults)
    return Parts(
        head=head,
        services=_section(Service, data, "services", faults),
        environments=_section(Environment, environments, "environments", faults) or {},
        given=_given(environments["environments"]),
        freezes=tuple(_freezes(data.get("freezes", []), faults)),
    )


def _refuse_empty(data: Data, place: Place, faults: Faults) -> None:
    # An empty value is a slip, and its default may be the opposite of what was meant. Only `delivery:` with nothing
    # below it asks for everything to be found, and `qa:` for all defaults.
    if isinstance(data, dict):
        for key, value in data.items():
            _refuse_empty(value, (*place, key), faults)
    elif isinstance(data, list):
        for number, value in enumerate(data):
            _refuse_empty(value, (*place, number), faults)
    elif data is None and not (len(place) == _NAMED and place[0] in _SECTIONS):
        faults.add(place, _EMPTY)


def _given(found: Data) -> dict[str, Mapping[str, Data]]:
    named = found if isinstance(found, dict) else {}
    return {name: value if isinstance(value, dict) else {} for name, value in named.items()}


def _section(model: type[_P], data: dict[str, Data], section: str, faults: Faults) -> dict[str, _P | None] | None:
    if section not in data:
        return None
    found = data[section]
    if not isinstance(found, dict) or not found:
        faults.add((section,), f"must hold at least one name; leave {section} out for the defaults")
        return {}
    for name in found:
        if not valid_name(name):
            problem = "is not a name: lower-case letters, digits and inner hyphens, 40 at most"
            faults.add((section, name), problem)
    return {
        name: _read(model, {} if value is None else value, (section, name), faults) for name, value in found.items()
    }


def _freezes(found: Data, faults: Faults) -> Iterator[tuple[int, Freeze]]:
    if not isinstance(found, list):
        faults.add(("freezes",), "must be a list")
        return
    for number, value in enumerate(found):
        freeze = _read(Freeze, value, ("freezes", number), faults)
        if freeze is not None:
            yield number, freeze


def _read(model: type[_P], value: Data, place: Place, faults: Faults) -> _P | None:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            inner = tuple(part for part in detail["loc"] if part != "[key]")
            faults.add((*place, *inner), _problem(model, inner, detail))
        return None


def _problem(model: type[Part], inner: Place, detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        return f"is not a key here; the keys are: {', '.join(_keys(model, inner[:-1]))}"
    if detail["input"] is None:
        return _EMPTY
    return _WORDS.get(detail["type"], detail["msg"]).format(**detail.get("ctx", {}))


def _keys(model: type[Part], place: Place) -> Iterator[str]:
    for part in place:
        annotation = model.model_fields[str(part)].annotation
        kinds = (annotation, *get_args(annotation))
        model = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Part))
    yield from model.model_fields
    if model is FileHead:
        yield from _SECTIONS
