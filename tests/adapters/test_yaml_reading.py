"""Small YAML from outside has a bound on all that it can grow to."""

from __future__ import annotations

import pytest

from shared.adapters.yaml_reading import MOST_BYTES, read_mapping


def test_keys_and_values_are_read() -> None:
    """As plain data."""
    assert read_mapping(b"a: 1\nb: {c: [x]}\n") == {"a": 1, "b": {"c": ["x"]}}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: &a [1]\nb: *a\n", "holds the alias *a"),
        (b"a: " + b"[" * 21 + b"]" * 21, "is nested deeper than 20 levels"),
        (b"a: " + b"[" * 5000, "is nested deeper than 20 levels"),
        (b"a: " + b"x" * MOST_BYTES, "is larger than 64 KiB"),
        (b"a: [", "is no YAML"),
        (b"a: \xff", "is no YAML"),
        (b"a: !!python/object:os.system x", "is no YAML"),
        (b"- a", "does not hold keys and values"),
        (b"1: a", "does not hold keys and values"),
        (b"", "does not hold keys and values"),
        (b"a: " + b"1" * 5000, ""),
        (b"a: 0x_", ""),
        (b"a: 2026-99-99", ""),
    ],
)
def test_attack_everything_else_is_a_value_error(content: bytes, problem: str) -> None:
    """Of a few words, and no other exception."""
    with pytest.raises(ValueError) as refused:
        read_mapping(content)

    assert problem in str(refused.value)
    assert len(str(refused.value)) < 500
