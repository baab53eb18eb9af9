"""Records cannot be changed; a copy with some fields replaced can be made."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from shared.domain.values.names import Digest, ServiceKey
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.codec import examples as ex

RITA = Person(id="rita", name="Rita")


@dataclass(frozen=True)
class Beside:
    """What is no record."""

    name: str
    number: int


def test_a_copy_keeps_every_other_field() -> None:
    """And the original stays as it was."""
    copied = replace(ex.RELEASE, reason="x")

    assert copied.reason == "x"
    assert replace(copied, reason=ex.RELEASE.reason) == ex.RELEASE


def test_what_is_no_record_is_copied_too() -> None:
    """There is one word for it."""
    assert replace(Beside("a", 1), number=2) == Beside("a", 2)


def test_a_field_that_is_not_there_is_refused() -> None:
    """A slip of the pen is no change that is lost."""
    with pytest.raises(TypeError, match="nam"):
        replace(RITA, nam="x")


@pytest.mark.parametrize("value", [RITA, replace(RITA, name="Margarita"), ex.DELIVERY, Version("1.0.0")], ids=str)
def test_nothing_of_a_record_or_a_value_can_be_changed(value: object) -> None:
    """A copy is as frozen as its original."""
    with pytest.raises(AttributeError):
        value.name = "x"  # type: ignore[attr-defined]  # that it is refused is the point
    with pytest.raises(AttributeError):
        value.text = "x"  # type: ignore[attr-defined]


def test_values_are_equal_by_kind_and_text() -> None:
    """A version is no digest, and no text is either."""
    assert ServiceKey("shop", "delivery") == ServiceKey.parse("shop~delivery") != "shop~delivery"
    assert len({Version("1.0.0"), Version("1.0.0"), Digest(f"sha256:{'0' * 64}"), "1.0.0"}) == 3
    assert repr(Version("1.0.0")) == "Version('1.0.0')"


def test_services_sort_by_repository_then_by_name() -> None:
    """As people read them, whatever sign stands between the two."""
    keys = [ServiceKey(*names) for names in (("a", "b"), ("a-b", "a"), ("a", "a"))]

    assert [str(key) for key in sorted(keys)] == ["a~a", "a~b", "a-b~a"]
