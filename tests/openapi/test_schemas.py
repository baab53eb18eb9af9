"""Records as JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pytest

from shared.inbound.problems import Unacceptable
from shared.openapi.answers import view
from shared.openapi.bodies import body_schema
from shared.openapi.schemas import Schemas

pytestmark = pytest.mark.pure


class Colour(StrEnum):
    """What it looks like."""

    RED = "red"


@dataclass
class Wheel:
    """It turns."""

    spokes: int


@dataclass
class WheelView:
    """Another one."""

    colour: Colour | None
    inside: tuple[Wheel, ...]


def test_records_and_words_are_components_with_their_docstrings() -> None:
    """Whatever is in them becomes one, too."""
    schemas = Schemas()

    assert schemas.of(Wheel) == {"$ref": "#/components/schemas/Wheel"}
    assert schemas.of(Colour | None) == {"anyOf": [{"$ref": "#/components/schemas/Colour"}, {"type": "null"}]}
    assert schemas.components["Wheel"] == {
        "description": "It turns.",
        "type": "object",
        "required": ["spokes"],
        "properties": {"spokes": {"type": "integer"}},
    }
    assert schemas.components["Colour"]["enum"] == ["red"]


def test_two_records_of_one_name_are_refused() -> None:
    """The second would be told to be the first."""
    with pytest.raises(TypeError, match="would both be called Wheel"):
        Schemas().of(WheelView)


@pytest.mark.parametrize("type_", [float, dict[str, int], tuple[int, str], object])
def test_a_type_that_json_has_no_form_for_is_refused(type_: object) -> None:
    """Nobody guesses."""
    with pytest.raises(TypeError, match="has no form in JSON"):
        Schemas().of(type_)


def test_a_view_that_is_not_there_is_refused() -> None:
    """A name that was mistyped beside a route shows at once."""
    with pytest.raises(AttributeError, match="no view is called ServicView"):
        view("ServicView")


def test_an_example_that_its_parser_refuses_is_no_example() -> None:
    """It cannot get into the document."""
    with pytest.raises(Unacceptable, match="decision"):
        body_schema("requests.answer", {"decision": "maybe"})
