"""What people ask for by API, as events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.messages import events as ev
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from shared.inbound import requests
from shared.inbound.problems import Unacceptable
from shared.inbound.requests import Asked, HoldAsked

DELIVERY = ServiceKey("shipping", "delivery")
OLGA = Person(id="p-olga", name="Olga")
SAID: dict[str, Any] = {"id": "api:1", "service": DELIVERY, "person": OLGA}
RELEASE, ENVIRONMENT = {"version": "1.0.0"}, {"environment": "qa"}


def asked(route: dict[str, str], **body: object) -> Asked:
    """A request by Olga."""
    return Asked(id="api:1", service=DELIVERY, person=OLGA, groups=("g",), route=route, body=body)


@pytest.mark.parametrize(
    ("translate", "request_", "event"),
    [
        (
            requests.promote,
            asked(RELEASE, environment="qa"),
            ev.PromoteRequested(**SAID, version="1.0.0", environment="qa"),
        ),
        (requests.abort, asked(RELEASE), ev.AbortRequested(**SAID, version="1.0.0")),
        (requests.abort, asked(RELEASE, reason="bad"), ev.AbortRequested(**SAID, version="1.0.0", reason="bad")),
        (requests.retry, asked({"version": "v1.0.0"}), ev.RetryRequested(**SAID, version="1.0.0")),
        (requests.redeploy, asked(ENVIRONMENT), ev.RedeployRequested(**SAID, environment="qa", version="")),
        (
            requests.redeploy,
            asked(ENVIRONMENT, version="v1.0.0-rc.1"),
            ev.RedeployRequested(**SAID, environment="qa", version="1.0.0-rc.1"),
        ),
        (
            requests.rollback,
            asked(ENVIRONMENT, reason="slow"),
            ev.RollbackRequested(**SAID, environment="qa", reason="slow", to=""),
        ),
        (
            requests.rollback,
            asked(ENVIRONMENT, reason="slow", to="v0.9.0"),
            ev.RollbackRequested(**SAID, environment="qa", reason="slow", to="0.9.0"),
        ),
        (
            requests.override,
            asked(ENVIRONMENT, version="1.0.0", gate="scan", reason="known"),
            ev.OverrideGranted(**SAID, environment="qa", version="1.0.0", gate="scan", reason="known"),
        ),
        (
            requests.override,
            asked(ENVIRONMENT, version="1.0.0", gate="authors", reason="he said so", author="bob@example.com, Bob"),
            ev.OverrideGranted(
                **SAID,
                environment="qa",
                version="1.0.0",
                gate="authors",
                reason="he said so",
                answer=("bob@example.com", "Bob"),
            ),
        ),
        (
            requests.override,
            asked(ENVIRONMENT, version="1.0.0", gate="authors", reason="a robot", author="none"),
            ev.OverrideGranted(**SAID, environment="qa", version="1.0.0", gate="authors", reason="a robot"),
        ),
        (
            requests.override,
            asked(ENVIRONMENT, version="1.0.0", gate="authors", reason="x", author=" Bob B. <bob@example.com> , Ann"),
            ev.OverrideGranted(
                **SAID,
                environment="qa",
                version="1.0.0",
                gate="authors",
                reason="x",
                answer=("bob@example.com", "Ann"),
            ),
        ),
        (
            requests.adopt,
            asked(ENVIRONMENT, reason="by hand"),
            ev.LiveAdopted(**SAID, environment="qa", version="", reason="by hand"),
        ),
        (
            requests.adopt,
            asked(ENVIRONMENT, version="1.0.0", reason="by hand", dry_run=True),
            ev.LiveAdopted(**SAID, environment="qa", version="1.0.0", reason="by hand", dry_run=True),
        ),
        (
            requests.answer,
            asked({"request": "r1"}, decision="approve"),
            ev.ApprovalAnswered(**SAID, request="r1", groups=("g",), approve=True, comment=""),
        ),
        (
            requests.answer,
            asked({"request": "r1"}, decision="reject", comment="no"),
            ev.ApprovalAnswered(**SAID, request="r1", groups=("g",), approve=False, comment="no"),
        ),
        (
            requests.lift,
            asked({"id": "delivery-v1.0.0"}),
            ev.ArtifactHoldLifted(**SAID, hold="delivery-v1.0.0", reason=""),
        ),
    ],
)
def test_a_request_is_an_event_with_its_caller(
    translate: Callable[[Asked], ev.ServiceEvent], request_: Asked, event: ev.ServiceEvent
) -> None:
    """What is not said is empty."""
    assert translate(request_) == event


@pytest.mark.parametrize(
    ("translate", "request_", "field"),
    [
        (requests.promote, asked(RELEASE), "environment"),
        (requests.promote, asked(RELEASE, environment="Not A Name"), "environment"),
        (requests.promote, asked(RELEASE, environment="qa", force=True), "force"),
        (requests.promote, asked({"version": "1.0"}, environment="qa"), "version"),
        (requests.abort, asked({"version": "1.0.0+5"}), "version"),
        (requests.abort, asked(RELEASE, reason=1), "reason"),
        (requests.abort, asked(RELEASE, reason="x" * 2001), "reason"),
        (requests.retry, asked(RELEASE, environment="qa"), "environment"),
        (requests.redeploy, asked(ENVIRONMENT, version="latest"), "version"),
        (requests.redeploy, asked(ENVIRONMENT, restart="yes"), "restart"),
        (requests.rollback, asked(ENVIRONMENT), "reason"),
        (requests.rollback, asked(ENVIRONMENT, reason=" "), "reason"),
        (requests.rollback, asked(ENVIRONMENT, reason="x", to="../1"), "to"),
        (requests.override, asked(ENVIRONMENT, version="1.0.0", gate="scan"), "reason"),
        (requests.override, asked(ENVIRONMENT, version="1.0.0", gate="authors", reason="x"), "author"),
        (requests.override, asked(ENVIRONMENT, version="1.0.0", gate="authors", reason="x", author=" , "), "author"),
        (requests.override, asked(ENVIRONMENT, version="1.0.0", gate="scan", reason="x", author="none"), "author"),
        (requests.override, asked(ENVIRONMENT, version="1.0.0", reason="x"), "gate"),
        (requests.override, asked(ENVIRONMENT, gate="scan", reason="x"), "version"),
        (requests.adopt, asked(ENVIRONMENT), "reason"),
        (requests.answer, asked({"request": "r1"}), "decision"),
        (requests.answer, asked({"request": "r1"}, decision="maybe"), "decision"),
        (requests.answer, asked({"request": "r1"}, decision="approve", person="somebody-else"), "person"),
        (requests.lift, asked({"id": "x"}, why="y"), "why"),
    ],
)
def test_a_request_that_is_not_understood_is_refused_with_its_field(
    translate: Callable[[Asked], ev.ServiceEvent], request_: Asked, field: str
) -> None:
    """Who asks is never taken from a body."""
    with pytest.raises(Unacceptable) as found:
        translate(request_)

    assert (int(found.value.status), found.value.field) == (400, field)


def test_a_hold_says_of_what_why_and_until_when() -> None:
    """The end may be left open."""
    until = datetime(2026, 11, 27, 16, tzinfo=UTC)
    body = {"scope": "everything", "reason": "audit", "until": "2026-11-27T17:00:00+01:00"}

    assert requests.hold(body) == HoldAsked(scope="everything", reason="audit", until=until)
    assert requests.hold({"scope": "everything", "reason": "audit"}).until is None
    with pytest.raises(Unacceptable, match="forever"):
        requests.hold({"scope": "everything", "reason": "audit", "forever": True})


@pytest.mark.parametrize(
    ("until", "says"),
    [
        ("tomorrow", "'tomorrow' is not a time; write 2026-11-27T16:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "'0001-01-01T00:00:00+14:00' is not a time; write 2026-11-27T16:00:00Z"),
        (0, "is not a text"),
    ],
    ids=["a word", "before the first day in UTC", "a number"],
)
def test_what_is_not_a_moment_ends_no_hold(until: object, says: str) -> None:
    """It would end at another time for each reader."""
    with pytest.raises(Unacceptable) as found:
        requests.hold({"scope": "everything", "reason": "audit", "until": until})

    assert found.value.detail == f"until: {says}"


def test_an_end_that_was_left_empty_is_none() -> None:
    """As forms send it."""
    assert requests.hold({"scope": "everything", "reason": "audit", "until": ""}).until is None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            {"scope": "team:a", "reason": "x"},
            "scope: 'team:a' is not everything, environment:<name>, service:<name> or",
        ),
        ({"scope": "service:a/b/c", "reason": "x"}, "scope: 'service:a/b/c' is not everything, environment:<name>"),
    ],
)
def test_a_scope_that_is_none_is_told_what_there_is(body: dict[str, object], says: str) -> None:
    """The forms it may have."""
    with pytest.raises(Unacceptable) as found:
        requests.hold(body)

    assert found.value.detail.startswith(says)


def test_an_idempotency_key_is_short_and_printable() -> None:
    """Without one each request is new."""
    assert requests.idempotency_key({"idempotency-key": "a-1"}) == "a-1"
    assert requests.idempotency_key({}) == ""
    for wrong in ("a" * 201, "a b", "\u00e9", "a\n"):
        with pytest.raises(Unacceptable, match="Idempotency-Key"):
            requests.idempotency_key({"idempotency-key": wrong})


@pytest.mark.parametrize(
    ("params", "number"), [({}, 20), ({"most": ""}, 20), ({"most": "0"}, 0), ({"most": "100"}, 100)]
)
def test_a_number_of_the_query_has_a_default_and_a_limit(params: dict[str, str], number: int) -> None:
    """A list costs what it returns, and that has an end."""
    assert requests.whole_number(params, "most", 20, 100) == number


def test_a_number_may_have_to_be_one_at_least() -> None:
    """A page of nothing would never lead on."""
    with pytest.raises(Unacceptable, match="write a number from 1 to 100"):
        requests.whole_number({"most": "0"}, "most", 20, 100, least=1)


def test_a_word_of_the_query_is_one_of_a_few() -> None:
    """Which they are is said."""
    assert requests.one_word("of", "poison", ("holds", "poison")) == "poison"
    with pytest.raises(Unacceptable, match="of: is 'Poison'; it takes holds or poison"):
        requests.one_word("of", "Poison", ("holds", "poison"))


@pytest.mark.parametrize("text", ["101", "-1", "1e2", "\u0663", "9" * 5000, "x"])
def test_another_number_is_refused(text: str) -> None:
    """Arabic digits and endless ones too."""
    with pytest.raises(Unacceptable) as found:
        requests.whole_number({"most": text}, "most", 20, 100)

    assert found.value.field == "most"
