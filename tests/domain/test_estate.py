"""Holds by people: what they cover, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.state.estate import Estate, checked_scope
from shared.domain.values.errors import InvalidValue
from shared.domain.values.names import ServiceKey
from tests.support.pilot import DELIVERY, NOON
from tests.support.pilot_more import HOUR, a_hold

PACKAGE = ServiceKey("shipping", "package")


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ("everything", {"delivery/qa", "delivery/production", "package/qa", "package/production"}),
        ("environment:production", {"delivery/production", "package/production"}),
        ("service:shipping/delivery", {"delivery/qa", "delivery/production"}),
        ("service:other/delivery", set()),
        ("environment:prod", set()),
    ],
)
def test_a_hold_covers_its_scope_and_nothing_else(scope: str, covered: set[str]) -> None:
    """Everything, an environment of every service, or a service of one repository."""
    hold = a_hold(scope, since=NOON)

    found = {
        f"{service.service}/{name}"
        for service in (DELIVERY, PACKAGE)
        for name in ("qa", "production")
        if hold.covers(service, name, NOON)
    }

    assert found == covered


def test_a_hold_ends_at_its_time() -> None:
    """At that instant it does not hold any more."""
    hold = a_hold(since=NOON, until=NOON + HOUR)

    assert hold.covers(DELIVERY, "qa", NOON + HOUR - timedelta(microseconds=1))
    assert not hold.covers(DELIVERY, "qa", NOON + HOUR)


def test_of_several_holds_the_newest_is_named() -> None:
    """An override counts only for holds that were there when it was given."""
    old, new = a_hold(since=NOON, id="a"), a_hold("environment:qa", since=NOON + HOUR, id="b")

    assert Estate(holds=(new, old)).covering(DELIVERY, "qa", NOON + HOUR) == new
    assert Estate(holds=(new, old)).covering(DELIVERY, "production", NOON + HOUR) == old
    assert Estate().covering(DELIVERY, "qa", NOON) is None


@pytest.mark.parametrize("scope", ["everything", "environment:qa", "service:shipping/delivery"])
def test_a_scope_names_everything_an_environment_or_a_service(scope: str) -> None:
    """And is kept as it is written."""
    assert checked_scope(scope) == scope


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        ("", "scope"),
        ("Everything", "scope"),
        ("all", "scope"),
        ("environment:", "scope"),
        ("environment:QA", "scope"),
        ("service:delivery", "service"),
        ("service:/delivery", "repository"),
        ("service:shipping/delivery/qa", "service"),
    ],
)
def test_any_other_scope_is_refused(scope: str, field: str) -> None:
    """A hold that holds nothing by a slip of the pen would be worse than none."""
    with pytest.raises(InvalidValue) as refused:
        checked_scope(scope)

    assert refused.value.field == field
