"""What a function declares of itself beside its route. Loaded at a cold start, so it loads nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Who = Literal["anybody", "readers", "operators", "approvers", "secret"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A whole number of the query string, from `least` to `most`."""

    name: str
    says: str
    default: int
    most: int
    least: int = 0

    def of(self, params: Mapping[str, str]) -> int:
        """Read it; raise Unacceptable."""
        from shared.inbound.requests import whole_number

        return whole_number(params, self.name, default=self.default, least=self.least, most=self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of the query string; `looks` names what it looks like, where that is checked. With `words` it is one of them."""

    name: str
    says: str
    looks: Literal["", "place"] = ""
    words: tuple[str, ...] = ()

    def of(self, params: Mapping[str, str]) -> str:
        """Read it, empty where it is not given; raise Unacceptable for another word."""
        from shared.inbound.requests import one_word

        text = params.get(self.name, "")
        return one_word(self.name, text, self.words) if self.words and text else text


@dataclass(frozen=True, slots=True)
class RequestBody:
    """What a body is read as, `module.Record` of shared/inbound, and a body that shows each of its fields."""

    record: str
    example: Mapping[str, object]

    @property
    def name(self) -> str:
        """The record's name."""
        return self.record.partition(".")[2]


REPOSITORY = Text(name="repository", says="which repository, where two have a service of this name")
FROM_LEDGER = Number(
    name="after", says="go on after this sequence: the `next` of the page before", default=0, most=10**15
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One function's part of the document.

    `answer` names records of the views, joined by `|`, or is a media type; `body` names what the body is read as,
    `module.Record` of shared/inbound, and `example` is a body that shows each of its fields; `bodies` are others that
    it takes as well. `also` are further answers, `headers` those of the answer. `bearer` says that a secret may be shown
    as a bearer token, too, and `code` that one kind of body may show it in the query.
    """

    tag: str
    who: Who
    answer: str
    status: int = 200
    also: Mapping[int, str] = field(default_factory=dict)
    body: str = ""
    example: Mapping[str, object] = field(default_factory=dict)
    bodies: tuple[RequestBody, ...] = ()
    query: tuple[Number | Text, ...] = ()
    bearer: bool = False
    code: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
