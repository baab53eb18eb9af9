"""Mails are compared as they are written, so they have to be written plainly."""

from __future__ import annotations

import pytest

from shared.domain.values.mails import are_known_by, is_plain_mail


@pytest.mark.parametrize(
    "mail",
    [
        "ada@example.com",
        "Ada.Author+git@Example.com",
        "o'brien@example.com",
        "ada@laptop",
        "\u00e5sa@stra\u00dfe.example",
        "1234+dependabot[bot]@users.noreply.github.com",
    ],
)
def test_mails_as_people_and_programs_have_them_are_plain(mail: str) -> None:
    """Also with letters of any language, and as GitHub writes those of its programs."""
    assert is_plain_mail(mail)


@pytest.mark.parametrize(
    "mail",
    [
        *("", "ada", "@", "ada@", "@example.com", "ada@example.com@example.com"),
        *(
            '"ada@example.com"',
            '"ada"@example.com',
            "'ada@example.com'",
            "\u201cada@example.com\u201d",
            "`ada@example.com",
        ),
        *(
            "<ada@example.com>",
            "ada@example.com>",
            "(ada)@example.com",
            "ada@[127.0.0.1]",
            "[ada@example.com]",
            "ada@example.com[bot]",
        ),
        *(
            " ada@example.com",
            "ada @example.com",
            "ada@example.com\n",
            "ada@example.com\u00a0",
            "ada@example\u2800.com",
        ),
        *(
            "ada\u200b@example.com",
            "\ufeffada@example.com",
            "a\u00adda@example.com",
            "ada\ufe0f@example.com",
            "ada\u115f@example.com",
        ),
        *("ada\x00@example.com", "ada\x1b@example.com", "ada\ufffd@example.com", "ada\ud800@example.com"),
        *("\uff41da@example.com", "ada\uff20example.com", "a\u030ada@example.com", "\u212aim@example.com"),
        *(
            "ada@example.com,",
            "ada@example.com;",
            "mailto:ada@example.com",
            "ada\\@example.com",
            "ada@example.com.",
            ".ada@example.com",
        ),
    ],
)
def test_attack_mails_that_only_look_like_somebodys_are_not_plain(mail: str) -> None:
    """Quotes, brackets, blanks, what cannot be seen, what folds, and what separates mails."""
    assert not is_plain_mail(mail)


@pytest.mark.parametrize(
    ("mails", "known"),
    [
        (("ada@example.com",), True),
        (("ada@example.com", "Ada@laptop"), True),
        ((), False),
        (("ada@example.com,",), False),
        (("ada@example.com", "ada@example.com,"), False),
    ],
)
def test_people_are_known_by_plain_mails_alone(mails: tuple[str, ...], known: bool) -> None:
    """One of another kind may be meant as anybody's."""
    assert are_known_by(mails) is known
