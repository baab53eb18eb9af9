"""Hooks show a secret, and nothing is learnt from a wrong one."""

from __future__ import annotations

import ast
import inspect

import pytest

from shared.inbound import secrets
from shared.inbound.problems import Unacceptable
from shared.inbound.secrets import check_secret

SECRET = "s3cret"


def test_the_right_secret_passes() -> None:
    """In its header, or where bearer is taken in Authorization."""
    check_secret({"x-slipway-secret": SECRET}, [SECRET])
    check_secret({"x-slipway-secret": SECRET}, [SECRET], bearer=True)
    check_secret({"authorization": f"Bearer {SECRET}"}, [SECRET], bearer=True)
    check_secret({"authorization": f"bearer  {SECRET}"}, [SECRET], bearer=True)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-slipway-secret": ""},
        {"x-slipway-secret": "S3cret"},
        {"x-slipway-secret": SECRET + " "},
        {"x-slipway-secret": SECRET[:-1]},
        {"x-slipway-secret": "s3cr\u00e9t"},
        {"x-slipway-secret": "s3cr\ud800t"},
        {"authorization": f"Basic {SECRET}"},
        {"authorization": SECRET},
        {"authorization": f"Bearer {SECRET}", "x-slipway-secret": "wrong"},
    ],
)
def test_a_wrong_secret_is_401_and_says_nothing_of_the_right_one(headers: dict[str, str]) -> None:
    """Neither how near it was nor how long it is."""
    with pytest.raises(Unacceptable) as found:
        check_secret(headers, [SECRET], bearer=True)

    assert (int(found.value.status), found.value.code) == (401, "wrong-secret")
    assert SECRET not in str(found.value)


def test_a_bearer_token_is_no_secret_where_it_is_not_taken() -> None:
    """There it is a person's."""
    with pytest.raises(Unacceptable):
        check_secret({"authorization": f"Bearer {SECRET}"}, [SECRET])


def test_two_secrets_count_while_one_takes_the_others_place() -> None:
    """Whoever sends learns the new one some time later; each of them is right, and nothing between them."""
    for shown in ("0ld", "n3w"):
        check_secret({"x-slipway-secret": shown}, ["n3w", "0ld"])
    for shown in ("", "n3w,0ld", "n3w0ld", "n3"):
        with pytest.raises(Unacceptable):
            check_secret({"x-slipway-secret": shown}, ["n3w", "0ld"])


@pytest.mark.parametrize("expected", [[], [""], ["", ""]])
@pytest.mark.parametrize("shown", [{}, {"x-slipway-secret": ""}, {"x-slipway-secret": "x"}])
def test_without_a_secret_of_our_own_nobody_gets_in(shown: dict[str, str], expected: list[str]) -> None:
    """A setting that was forgotten opens no door."""
    with pytest.raises(Unacceptable):
        check_secret(shown, expected)


def test_secrets_are_compared_in_constant_time_only() -> None:
    """The one comparison of a secret with another text is hmac.compare_digest."""
    tree = ast.parse(inspect.getsource(secrets))
    compared = [ast.unparse(one) for one in ast.walk(tree) if isinstance(one, ast.Compare)]
    called = [ast.unparse(one.func) for one in ast.walk(tree) if isinstance(one, ast.Call)]

    assert compared == ["shown is None"]
    assert called.count("hmac.compare_digest") == 1
