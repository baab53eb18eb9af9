"""What a caller is told when something is not done: RFC 9457 problems, with a code for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from http import HTTPStatus

from shared.domain.values.errors import InvalidValue, Refused, SlipwayError
from shared.ports.errors import Transient
from shared.ports.store import StaleService, StoreFull, StoreUnavailable

_FORBIDDEN = frozenset(
    {
        "author",
        "requester",
        "not-an-approver",
        "unlinked-author",
        "unlinked-approver",
        "answered",
        "not-allowed",
    }
)
# What of the request a refusal is about, where it is one thing.
_FIELDS: Mapping[str, str] = {
    "comment-required": "comment",
    "no-restart": "restart",
    "restart-not-live": "restart",
}
_SOON, _LATER = 1, 5
WRONG_TOKEN = "wrong-token"


class Unacceptable(SlipwayError):
    """The request itself is at fault: what it shows, its size or its shape.

    `detail` is read alone; `field` names the part, for programs.
    """

    def __init__(self, status: HTTPStatus, code: str, detail: str, *, field: str = "") -> None:
        self.status, self.code, self.detail, self.field = status, code, detail, field
        super().__init__(detail)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An answer of type application/problem+json; `retry_after` in seconds, `more` are members of its own."""

    status: HTTPStatus
    code: str
    detail: str
    field: str = ""
    retry_after: int | None = None
    more: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def members(self) -> dict[str, object]:
        """Return the JSON object."""
        # Loaded at a cold start, this module loads nothing of others.
        from shared.inbound.problem_view import shown

        return {**shown(self), **self.more}

    def headers(self) -> dict[str, str]:
        """Return when to try again, where that may help, and how to show who one is, where nobody was known.

        RFC 9110, 11.6.1, asks for the latter with every 401, and RFC 6750 for its words.
        """
        found = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if self.status is HTTPStatus.UNAUTHORIZED:
            found["WWW-Authenticate"] = 'Bearer error="invalid_token"' if self.code == WRONG_TOKEN else "Bearer"
        return found


def problem_of(error: Exception) -> Problem:
    """Say what an exception means to the caller. A fault of ours is 503 without details, so that the sender tries again."""
    if isinstance(error, Unacceptable):
        return Problem(status=error.status, code=error.code, detail=error.detail, field=error.field)
    if isinstance(error, InvalidValue):
        return Problem(status=HTTPStatus.BAD_REQUEST, code="invalid", detail=str(error), field=error.field)
    if isinstance(error, Refused):
        return Problem(status=status_of(error.code), code=error.code, detail=error.message)
    if isinstance(error, StaleService):
        return _unavailable("busy", "others change this at the same time; try again", _SOON)
    if isinstance(error, StoreFull):
        return _unavailable(
            "store-full", "Slipway's disk is full and nothing was changed; make room, then try again", _LATER
        )
    if isinstance(error, StoreUnavailable):
        return _unavailable("store-unavailable", "the store cannot be reached; try again later", _LATER)
    if isinstance(error, Transient):
        wait = int(error.retry_after.total_seconds()) + 1 if error.retry_after else _LATER
        return _unavailable("outside-unavailable", "something outside cannot be reached; try again later", wait)
    return _unavailable("fault", "Slipway failed; its log says why", _LATER)


def refusal(code: str, reason: str, more: Mapping[str, object]) -> Problem:
    """Say that a request was decided on and refused; `more` is what the decision says of itself."""
    return Problem(status=status_of(code), code=code, detail=reason, field=_FIELDS.get(code, ""), more=more)


def status_of(code: str) -> HTTPStatus:
    """Return the status of a refusal: what is not there, who may not, what is missing, or what does not fit now."""
    if code.startswith("unknown-"):
        return HTTPStatus.NOT_FOUND
    if code in _FORBIDDEN:
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.BAD_REQUEST if code == "comment-required" else HTTPStatus.CONFLICT


def _unavailable(code: str, detail: str, seconds: int) -> Problem:
    return Problem(status=HTTPStatus.SERVICE_UNAVAILABLE, code=code, detail=detail, retry_after=seconds)
