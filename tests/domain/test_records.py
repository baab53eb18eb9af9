"""Copies of frozen records with some fields replaced: as dataclasses.replace makes them."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidValue
from shared.domain.names import Person, ServiceKey
from shared.domain.records import replace
from tests.support.codec import examples as ex

RITA = Person(id="rita", name="Rita")


@given(st.text(), st.lists(st.text()).map(tuple))
def test_a_copy_is_what_dataclasses_would_make(name: str, mails: tuple[str, ...]) -> None:
    """Equal, and the original stays as it was."""
    assert replace(RITA, name=name, mails=mails) == dataclasses.replace(RITA, name=name, mails=mails)
    assert Person(id="rita", name="Rita") == RITA


def test_a_copy_of_a_large_record_keeps_every_other_field() -> None:
    """A release with promotions."""
    assert replace(ex.RELEASE, reason="x") == dataclasses.replace(ex.RELEASE, reason="x")


def test_a_field_that_is_not_there_is_refused() -> None:
    """A slip of the pen is no change that is lost."""
    with pytest.raises(TypeError, match="Person has no field nam"):
        replace(RITA, nam="x")


def test_a_copy_is_checked_as_a_new_record_is() -> None:
    """No record can be made that its own checks refuse."""
    with pytest.raises(InvalidValue, match="not a name"):
        replace(ServiceKey("shipping", "delivery"), service="No Name")


def test_a_record_of_one_field_has_nothing_to_keep() -> None:
    """A new one says more."""
    with pytest.raises(TypeError, match="make a new one"):
        replace(ex.RELEASE.version, text="1.0.0")


def test_a_copy_is_as_frozen_as_its_original() -> None:
    """It is filled while it is not, and nobody sees that."""
    copied = replace(RITA, name="Margarita")

    assert type(copied) is Person
    with pytest.raises(dataclasses.FrozenInstanceError):
        copied.name = "x"  # type: ignore[misc]  # that it is refused is the point
