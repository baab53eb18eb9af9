"""Mails that are compared as other letters than they are written with."""

from __future__ import annotations

import pytest

from shared.domain.gating.approval import is_approver
from shared.domain.policies.policy import ApprovalRule
from shared.domain.values.mails import is_exact_mail
from shared.domain.values.person import Person

RULE = ApprovalRule(approvers=("release-manager@example.com", "gross@example.com"))


@pytest.mark.parametrize(
    "mail",
    [
        "relea\u017fe-manager@example.com",
        "release-manager@\uff45xample.com",
        "gro\u00df@example.com",
        "relea\uff53e-manager@example.com",
    ],
)
def test_attack_a_mail_that_looks_like_an_approvers(mail: str) -> None:
    """Folded it is the same; it was given to somebody else all the same, and bars them where they wrote something."""
    mallory = Person("m", "Mallory", (mail,))

    assert not is_approver(RULE, mallory, ())
    assert not is_exact_mail(mail)
    assert mallory.folded_mails()


@pytest.mark.parametrize("mail", ["Release-Manager@Example.com", "GROSS@example.com"])
def test_the_case_of_letters_does_not_matter(mail: str) -> None:
    """Also beside a mail that does not count."""
    assert is_approver(RULE, Person("r", "Rita", ("gro\u00df@example.com", mail)), ())
