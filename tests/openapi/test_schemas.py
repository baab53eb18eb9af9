"""Records as JSON Schema."""

from __future__ import annotations

from enum import StrEnum

import pytest
from msgspec import inspect

from shared.app.views.view import View
from shared.domain.values.records import Time
from shared.inbound.problems import Unacceptable
from shared.openapi.answers import view, views
from shared.openapi.bodies import request_body
from shared.openapi.operation import Operation
from shared.openapi.schemas import answer_components, components, reference
from tests.support.api_document import described

pytestmark = pytest.mark.pure


class Colour(StrEnum):
    """What it looks like."""

    RED = "red"


class Wheel(View):
    """It turns."""

    spokes: int
    made: Time | None = None


class CarView(View):
    """It drives."""

    colour: Colour | None
    wheels: tuple[Wheel, ...]


class WheelView(View):
    """Another one."""

    inside: Wheel


def test_records_and_words_are_components_with_their_docstrings() -> None:
    """Whatever is in them becomes one, too; an answer has all of its members."""
    found = answer_components([CarView])

    assert list(found) == ["Car", "Colour", "Wheel"]
    assert found["Wheel"] == {
        "description": "It turns.",
        "type": "object",
        "required": ["spokes", "made"],
        "properties": {
            "spokes": {"type": "integer"},
            "made": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        },
    }
    assert found["Colour"] == {"description": "What it looks like.", "enum": ["red"]}
    assert found["Car"]["properties"]["wheels"]["items"] == reference("Wheel") == reference("WheelView")


def same_name() -> type[View]:
    """A record called as another one is."""

    class Wheel(View, frozen=True, kw_only=True):
        """Yet another."""

    return Wheel


@pytest.mark.parametrize("views", [(WheelView,), (Wheel, same_name())], ids=["but for the word", "wholly"])
def test_two_records_of_one_name_are_refused(views: tuple[type[View], ...]) -> None:
    """The second would be told to be the first."""
    with pytest.raises(TypeError, match="would have one name"):
        components(views)


def test_a_type_that_json_has_no_form_for_is_refused() -> None:
    """Nobody guesses."""

    class Odd(View, frozen=True, kw_only=True):
        """It holds anything but JSON."""

        what: complex

    with pytest.raises(TypeError, match="complex"):
        components([Odd])


def records_in(one: inspect.Type) -> set[type]:
    """Every record in a type."""
    match one:
        case inspect.StructType() | inspect.DataclassType():
            return {one.cls}.union(*(records_in(field.type) for field in one.fields))
        case inspect.VarTupleType():
            return records_in(one.item_type)
        case inspect.UnionType():
            return set().union(*map(records_in, one.types))
        case _:
            return set()


def test_what_is_answered_is_made_of_views_alone() -> None:
    """How a record is stored may change without anybody who calls being told."""
    answered = list(views(one.operation for one in described()))

    found = set().union(*(records_in(inspect.type_info(one)) for one in answered))

    assert len(found) > 30
    assert [one for one in found if not issubclass(one, View)] == []


def test_a_view_that_is_not_there_is_refused() -> None:
    """A name that was mistyped beside a route shows at once."""
    with pytest.raises(AttributeError, match="no view is called ServicView"):
        view("ServicView")


def test_an_example_that_its_parser_refuses_is_no_example() -> None:
    """It cannot get into the document."""
    with pytest.raises(Unacceptable, match="decision"):
        request_body(
            Operation(tag="x", who="readers", answer="x", body="bodies.AnswerBody", example={"decision": "maybe"})
        )
