"""People who look at the page: a question is a line in the host's output and nothing else."""

from __future__ import annotations

import json
import logging

import pytest

from shared.adapters.page_people import PagePeople
from shared.domain.values.names import Digest, ServiceKey
from shared.ports.people import Question
from tests.support.parts import image_and_chart

DELIVERY = ServiceKey("shipping", "delivery")
QUESTION = Question(
    request="0123456789abcdef" * 4,
    service=DELIVERY,
    version="1.0.0",
    environment="production",
    promotion=2,
    parts=image_and_chart(Digest("sha256:" + "a" * 64), Digest("sha256:" + "b" * 64)),
    commit="c" * 40,
    who="release-manager@example.com",
    older="production runs 1.2.0; this deploys the older 1.0.0",
    expires=None,
    ledger_head="d" * 64,
)


def said(caplog: pytest.LogCaptureFixture) -> tuple[str, dict[str, object]]:
    """The name and the fields of the one line that was logged."""
    [record] = caplog.records
    fields = json.loads(record.getMessage())
    return fields.pop("event"), fields


def test_whoever_watches_the_output_sees_that_there_is_a_question(caplog: pytest.LogCaptureFixture) -> None:
    """With what it is about and who may answer."""
    with caplog.at_level(logging.INFO, logger="slipway"):
        PagePeople().ask(QUESTION)

    assert said(caplog) == (
        "approval.asked",
        {
            "service": "shipping~delivery",
            "version": "1.0.0",
            "environment": "production",
            "promotion": 2,
            "who": "release-manager@example.com",
            "older": "production runs 1.2.0; this deploys the older 1.0.0",
        },
    )


def test_whoever_watches_the_output_sees_why_a_question_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    """The request is shortened as elsewhere."""
    with caplog.at_level(logging.INFO, logger="slipway"):
        PagePeople().close(DELIVERY, QUESTION.request, "v1.0.1 waits too")

    assert said(caplog) == (
        "approval.closed",
        {"service": "shipping~delivery", "request": "0123456789ab", "reason": "v1.0.1 waits too"},
    )


def test_a_quiet_host_prints_no_questions(caplog: pytest.LogCaptureFixture) -> None:
    """Below INFO there is nothing to see."""
    with caplog.at_level(logging.WARNING, logger="slipway"):
        PagePeople().ask(QUESTION)
        PagePeople().close(DELIVERY, QUESTION.request, "over")

    assert caplog.records == []
