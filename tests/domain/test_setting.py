"""Single values that slipway.yaml sets in a chart: their keys as `helm --set` reads them, and what their texts hold."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.policies.setting import MOST_INDEX, Path, Setting, SettingKind, path_of, put, written
from shared.domain.values.errors import InvalidValue

VALUES = {"image": "host/a", "tag": "v1"}


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("a", ("a",)),
        ("image.tag", ("image", "tag")),
        ("hosts[0].name", ("hosts", 0, "name")),
        ("a[1][2]", ("a", 1, 2)),
        (r"nodeSelector.kubernetes\.io/os", ("nodeSelector", "kubernetes.io/os")),
        (r"a\[0\]", ("a[0]",)),
        (r"a\,b\=c\\", ("a,b=c\\",)),
        ("a b", ("a b",)),
        (f"a[{MOST_INDEX}]", ("a", MOST_INDEX)),
    ],
)
def test_a_key_is_a_path(key: str, path: Path) -> None:
    """Written again it reads the same."""
    assert path_of(key) == path
    assert path_of(written(path)) == path


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "ends where a name is missing"),
        ("a.", "ends where a name is missing"),
        (".a", "has a dot too many"),
        ("a..b", "has a dot too many"),
        ("a[x]", "has a [ that holds no index, such as [0]"),
        ("a[-1]", "has a [ that holds no index"),
        ("a[0", "has a [ that holds no index"),
        ("[0]", "has a [ that holds no index"),
        ("a[0]b", "needs a dot after an index"),
        ("a=b", r"holds '=', which is written \= in a key"),
        ("a,b", r"holds ',', which is written \, in a key"),
        ("a]", r"holds ']', which is written \] in a key"),
        ("a\\", "ends in a lone backslash"),
        ("\\", "ends in a lone backslash"),
        ("a[0]\\x", "needs a dot after an index"),
        (f"a[{MOST_INDEX + 1}]", "has an index above 1000"),
        ("a[9999999999]", "has a [ that holds no index"),
        (".".join("a" * 31), "goes deeper than 30 levels"),
    ],
)
def test_a_key_that_is_no_path_is_named_with_what_is_wrong(key: str, problem: str) -> None:
    """In the words of somebody who writes one."""
    with pytest.raises(InvalidValue) as refused:
        path_of(key)

    assert problem in refused.value.problem
    assert repr(key) in refused.value.problem


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ({}, "a.b", {"a": {"b": "x"}}),
        ({"a": {"c": 1}}, "a.b", {"a": {"c": 1, "b": "x"}}),
        ({"a": None}, "a.b", {"a": {"b": "x"}}),
        ({"a": 1}, "a", {"a": "x"}),
        ({}, "a[0].b", {"a": [{"b": "x"}]}),
        ({"a": [{"c": 1}]}, "a[0].b", {"a": [{"c": 1, "b": "x"}]}),
        ({"a": [1]}, "a[2]", {"a": [1, None, "x"]}),
        ({}, "a[1][1]", {"a": [None, [None, "x"]]}),
    ],
)
def test_a_value_is_put_where_its_key_says(before: dict[str, Any], key: str, after: dict[str, Any]) -> None:
    """What is not there is made, a list grows by nulls, and the rest stays."""
    put(before, key, "x")

    assert before == after


@pytest.mark.parametrize(
    ("before", "key", "problem"),
    [
        ({"a": "text"}, "a.b", "'a.b' needs keys and values at a, and another value is there"),
        ({"a": {"b": 1}}, "a[0]", "'a[0]' needs a list at a, and another value is there"),
        ({"a": [1]}, "a.b", "'a.b' needs keys and values at a, and another value is there"),
        ({"a": [1]}, "a[0].b", "'a[0].b' needs keys and values at a[0], and another value is there"),
    ],
)
def test_a_key_goes_through_no_other_value(before: dict[str, Any], key: str, problem: str) -> None:
    """Helm refuses it too."""
    with pytest.raises(InvalidValue) as refused:
        put(before, key, "x")

    assert refused.value.problem == problem


def test_placeholders_are_filled_in_texts_and_in_the_texts_of_lists_and_objects() -> None:
    """Plain braces of a text are doubled; those of JSON are JSON's own."""
    written_out = Setting('{"a":["{image}:{tag}",1,null],"{tag}":"{{x}}"}', SettingKind.JSON)

    assert Setting("{image}@{{x}}").expanded(VALUES) == Setting("host/a@{x}")
    assert written_out.expanded(VALUES) == Setting('{"a":["host/a:v1",1,null],"{tag}":"{x}"}', SettingKind.JSON)
    assert Setting("3", SettingKind.PLAIN).expanded(VALUES) == Setting("3", SettingKind.PLAIN)


def test_what_fills_a_text_cannot_break_out_of_it() -> None:
    """A quote or a brace in a value stays in its text."""
    filled = Setting('["{image}"]', SettingKind.JSON).expanded({"image": '"], {"x'})

    assert filled.text == r'["\"], {\"x"]'


def test_placeholders_are_named_in_order() -> None:
    """Of lists and objects, too; a plain value has none."""
    assert Setting("{tag}{image}").placeholders() == ("tag", "image")
    assert Setting('{"a":["{tag}",{"b":"{image}"}],"c":1}', SettingKind.JSON).placeholders() == ("tag", "image")
    assert Setting("true", SettingKind.PLAIN).placeholders() == ()
