"""A mail that is spelled otherwise is nobody's: whoever it names is an unknown author, for whom an operator answers."""

from __future__ import annotations

import pytest

from shared.domain.values.person import Person
from tests.app.test_authors_kept import BRANCH, CODE, read
from tests.support.app_parts import Harness
from tests.support.outside import ADA, RITA


@pytest.mark.parametrize(
    "mail",
    [
        '"release-manager@example.com"',
        "'release-manager@example.com'",
        "<release-manager@example.com>",
        "release-manager@example.com\u200b",
        "release-\u00admanager@example.com",
        "release-manager@example.com\x7f",
        "\uff52elease-manager@example.com",
        "release-manager @example.com",
    ],
)
def test_attack_write_with_ones_own_mail_spelled_otherwise_and_approve(slipway: Harness, mail: str) -> None:
    """It reads like Rita's and compares as nobody's; what is wrong with it is seen."""
    slipway.outside.commit(BRANCH, {CODE: b"1"}, by=Person(id="r", name="Rita", mails=(mail,)), committer=ADA)
    slipway.tell_push(BRANCH, by=ADA)
    slipway.pump()

    assert slipway.answer(RITA).code == "unlinked-author"
    assert read(slipway).unknown == (f"author Rita, whose mail {mail!a} is not written as mails are",)


def test_mails_spelled_otherwise_are_told_apart(slipway: Harness) -> None:
    """An answer for one of them is none for another."""
    for mail in ("a b@example.com", "(a)@example.com", "none"):
        slipway.outside.commit(BRANCH, {CODE: mail.encode()}, by=Person(id="r", name="Rita", mails=(mail,)))
    slipway.push_release("1.0.0", by=ADA)
    slipway.pump()

    assert read(slipway).unknown == (
        "author Rita, who has no mail",
        "author Rita, whose mail '(a)@example.com' is not written as mails are",
        "author Rita, whose mail 'a b@example.com' is not written as mails are",
    )
