"""What a rule says of an event: it counted, it came too late to count, or it is refused."""

from __future__ import annotations

from typing import NamedTuple

from shared.domain.drafts.decision import Outcome


class Answer(NamedTuple):
    """`about` names what a request led to; `code` and `reason` say why it led to nothing."""

    outcome: Outcome
    code: str = ""
    reason: str = ""
    about: str = ""


def done(about: str = "") -> Answer:
    """The event counted."""
    return Answer(outcome=Outcome.NOTED, about=about)


def ignored(code: str, reason: str, about: str = "") -> Answer:
    """Late, duplicate or fenced: expected, recorded, answered politely."""
    return Answer(outcome=Outcome.IGNORED, code=code, reason=reason, about=about)


def refused(code: str, reason: str) -> Answer:
    """Somebody asked for what does not fit; the reason says who may, which phase, what to do."""
    return Answer(outcome=Outcome.REFUSED, code=code, reason=reason)
