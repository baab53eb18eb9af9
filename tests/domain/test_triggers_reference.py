"""The fast matcher says what a naive one says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain.values.patterns import path_covered, segments, text_matches

WORDS = st.text(alphabet="ab*?", max_size=8)
TEXTS = st.text(alphabet="ab/", max_size=10)
FOLDERS = st.lists(st.sampled_from(["a", "b", "ab", "*", "**", "a*", "?"]), max_size=5)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "ba"]), max_size=6)


def naive_text(pattern: str, text: str) -> bool:
    signs = {"*": ".*", "?": "."}
    return re.fullmatch("".join(signs.get(sign, re.escape(sign)) for sign in pattern), text, re.DOTALL) is not None


def naive_path(pattern: Sequence[str], path: Sequence[str]) -> bool:
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(naive_path(pattern[1:], path[skipped:]) for skipped in range(len(path) + 1))
    return bool(path) and naive_text(pattern[0], path[0]) and naive_path(pattern[1:], path[1:])


@given(WORDS, TEXTS)
@example("*a*b", "aab/ab")
def test_text_matching_equals_a_regular_expression(pattern: str, text: str) -> None:
    """Greedy matching with one place to go back to finds every match."""
    assert text_matches(pattern, text) is naive_text(pattern, text)


@given(FOLDERS, PATHS)
@example(["**", "a", "**", "b"], ["a", "b", "a", "ab", "b"])
def test_path_matching_equals_a_recursive_one(pattern: list[str], path: list[str]) -> None:
    """A pattern covers the path or a folder above it, whatever its wildcards."""
    assert path_covered(pattern, path) is naive_path(pattern, path)


@given(PATHS)
def test_a_path_splits_the_same_with_and_without_slashes_around_it(path: list[str]) -> None:
    """A leading or closing slash says nothing."""
    text = "/".join(path)

    assert segments(f"/{text}/") == segments(f"./{text}") == tuple(path)
