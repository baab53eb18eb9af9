"""Templates and their placeholders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.values.errors import InvalidValue
from shared.domain.values.placeholders import expand, placeholders


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{tag}@{digest}", "v1@sha256:1"),
        ("{{tag}}", "{tag}"),
        ("{{{tag}}}", "{v1}"),
        ("a}}b{{c", "a}b{c"),
    ],
)
def test_placeholders_are_replaced_and_doubled_braces_stay(template: str, text: str) -> None:
    """`{{` and `}}` are how a plain brace is written."""
    assert expand(template, {"tag": "v1", "digest": "sha256:1"}) == text


def test_a_value_is_not_expanded_again() -> None:
    """A reason that somebody wrote cannot pull other values in."""
    assert expand("{reason} {tag}", {"reason": "{tag} {{", "tag": "v1"}) == "{tag} {{ v1"


@pytest.mark.parametrize("template", ["{nope}", "{}", "{tag!r}", "{tag.__class__}", "{tag:>9}"])
def test_an_unknown_placeholder_is_refused_naming_those_that_exist(template: str) -> None:
    """Nothing of Python's formatting language works here."""
    with pytest.raises(InvalidValue, match=r"there are: \{tag\}, \{service\}"):
        expand(template, {"tag": "v1", "service": "delivery"})


@pytest.mark.parametrize("template", ["{", "}", "{tag", "tag}", "{{tag}", "{a{tag}}"])
def test_a_single_brace_is_refused(template: str) -> None:
    """A slip must not become a path or a repository."""
    with pytest.raises(InvalidValue, match="single brace"):
        placeholders(template)


def test_placeholders_are_named_in_order() -> None:
    """Those that occur twice are named twice."""
    assert placeholders("{a}/{{b}}/{c}{a}") == ("a", "c", "a")


@given(st.text())
def test_any_text_can_be_written_with_doubled_braces(text: str) -> None:
    """There is nothing that a template cannot say."""
    template = text.replace("{", "{{").replace("}", "}}")

    assert expand(template, {}) == text
