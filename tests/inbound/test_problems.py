"""What a caller is told when something is not done."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import pytest

from shared.domain.values.errors import InvalidValue, InvalidVersion, Refused
from shared.inbound.json_body import bad
from shared.inbound.problems import Problem, Unacceptable, problem_of, refusal, status_of
from shared.ports.errors import Permanent, Transient
from shared.ports.store import StaleService, StoreFull, StoreUnavailable


@pytest.mark.parametrize(
    ("error", "status", "code", "field"),
    [
        (Unacceptable(HTTPStatus.UNAUTHORIZED, "wrong-secret", "no", field="X"), 401, "wrong-secret", "X"),
        (InvalidValue("scope", "is none"), 400, "invalid", "scope"),
        (Refused("unknown-service", "there is none"), 404, "unknown-service", ""),
        (Refused("not-allowed", "no"), 403, "not-allowed", ""),
        (Refused("ambiguous-service", "two"), 409, "ambiguous-service", ""),
    ],
)
def test_what_is_the_callers_fault_says_so(error: Exception, status: int, code: str, field: str) -> None:
    """Status, code and field come from what was raised."""
    found = problem_of(error)

    assert (int(found.status), found.code, found.field, found.retry_after) == (status, code, field, None)


@pytest.mark.parametrize(
    ("code", "status", "asks"),
    [
        ("not-signed-in", HTTPStatus.UNAUTHORIZED, "Bearer"),
        ("wrong-secret", HTTPStatus.UNAUTHORIZED, "Bearer"),
        ("wrong-token", HTTPStatus.UNAUTHORIZED, 'Bearer error="invalid_token"'),
        ("other-site", HTTPStatus.FORBIDDEN, None),
    ],
)
def test_who_is_not_known_is_told_how_to_show_who_they_are(code: str, status: HTTPStatus, asks: str | None) -> None:
    """Clients of OAuth get themselves a new token where theirs has expired, and nowhere else."""
    assert problem_of(Unacceptable(status, code, "no")).headers().get("WWW-Authenticate") == asks


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (InvalidValue("scope", "is none"), "scope: is none"),
        (InvalidVersion("01.0.0", "has a leading zero"), "version: '01.0.0' has a leading zero"),
        (bad("version", "is missing"), "version: is missing"),
        (bad("a.b", "is no word"), "a.b: is no word"),
        (
            Unacceptable(HTTPStatus.UNAUTHORIZED, "wrong-secret", "the secret is wrong", field="X"),
            "the secret is wrong",
        ),
    ],
)
def test_a_detail_is_understood_without_its_field(error: Exception, detail: str) -> None:
    """People read it in a line by itself."""
    assert problem_of(error).members()["detail"] == detail


@pytest.mark.parametrize(
    ("error", "code", "seconds"),
    [
        (StoreUnavailable("disk at /var/secret is full"), "store-unavailable", 5),
        (StoreFull("disk at /var/secret is full"), "store-full", 5),
        (StaleService("secret"), "busy", 1),
        (Transient("secret host"), "outside-unavailable", 5),
        (Transient("secret host", retry_after=timedelta(seconds=30)), "outside-unavailable", 31),
        (Permanent("secret"), "fault", 5),
        (RuntimeError("secret"), "fault", 5),
    ],
)
def test_what_is_our_fault_is_503_with_when_to_try_again_and_no_details(
    error: Exception, code: str, seconds: int
) -> None:
    """The sender tries again, and learns nothing of what is inside."""
    found = problem_of(error)

    assert (int(found.status), found.code, found.retry_after) == (503, code, seconds)
    assert "secret" not in str(found.members())


def test_a_full_disk_is_named_with_what_to_do() -> None:
    """Whoever is refused can see to it."""
    assert (
        problem_of(StoreFull("x")).detail == "Slipway's disk is full and nothing was changed; make room, then try again"
    )


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("unknown-release", 404),
        ("unknown-hold", 404),
        ("author", 403),
        ("requester", 403),
        ("not-an-approver", 403),
        ("unlinked-author", 403),
        ("answered", 403),
        ("unlinked-approver", 403),
        ("comment-required", 400),
        ("approval-closed", 409),
        ("under-way", 409),
    ],
)
def test_a_refusal_has_the_status_of_its_reason(code: str, status: int) -> None:
    """Not there, not you, not complete, not now."""
    assert int(status_of(code)) == status


def test_a_problem_has_the_members_of_rfc_9457_and_its_own() -> None:
    """A field only where there is one."""
    problem = Problem(status=HTTPStatus.CONFLICT, code="busy", detail="later", more={"sequence": 3})

    assert problem.members() == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "later",
        "code": "busy",
        "sequence": 3,
    }


def test_a_missing_comment_names_its_field() -> None:
    """The page puts the message beside it."""
    found = refusal("comment-required", "say why", {})

    assert found.members()["field"] == "comment"
    assert "field" not in refusal("author", "not you", {}).members()
