"""What stands in `set`: whether it was quoted counts, and a number must be one that nobody writes otherwise."""

from __future__ import annotations

import pytest

from shared.domain.policies.setting import Setting, SettingKind
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.inbound.slipway_yaml.models import Environment
from shared.ports.policies import BrokenPolicy
from tests.inbound.slipway_yaml.test_compile import FILES, environment

TEXT = """
version: 1
registry: fabrikam.azurecr.io
services: {{delivery: {{path: src/shipping/delivery, chart: charts/delivery}}}}
environments:
  qa:
    deploy: {{helm: {{cluster: qa}}}}
    set:
{set}
"""


def text(*lines: str) -> str:
    return TEXT.format(set="\n".join(f"      {line}" for line in lines))


def settings(*lines: str) -> dict[str, Setting]:
    """The settings of a file with these lines."""
    return dict(environment(text(*lines), "qa").set)


def faults(*lines: str) -> list[str]:
    """What is wrong with a file with these lines."""
    with pytest.raises(BrokenPolicy) as broken:
        SlipwayYaml().compile(text(*lines).encode(), repository="monorepo", commit="c1", files=FILES)
    return [f"{fault.line} {fault.key}: {fault.problem}" for fault in broken.value.faults]


@pytest.mark.parametrize(
    "word", ["false", "True", "no", "Off", "y", "N", "~", "null", "3", "-3", "0", "0.5", "-0.25", "9007199254740992"]
)
def test_a_plain_word_or_number_is_kept_as_it_is_written(word: str) -> None:
    """Helm says what it means."""
    assert settings(f"debug.enabled: {word}") == {"debug.enabled": Setting(word, SettingKind.PLAIN)}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"false"', "false"),
        ("'3'", "3"),
        ('""', ""),
        ("v1.0.2", "v1.0.2"),
        ("1.2.3", "1.2.3"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("100Mi", "100Mi"),
        ("2026-11-23", "2026-11-23"),
        ("1:30", "1:30"),
        ("=", "="),
        ("0x_", "0x_"),
        ("v{version}", "v{version}"),
        ('"{image}"', "{image}"),
        ("|-\n        a\n        3", "a\n3"),
    ],
)
def test_what_is_quoted_or_no_word_of_yaml_is_text(written: str, meant: str) -> None:
    """Also what looks like a date: values know none."""
    assert settings(f"a: {written}") == {"a": Setting(meant)}


@pytest.mark.parametrize(
    ("lines", "json"),
    [
        (["a: [x, 3, 0.5, no, ~, '3']"], '["x",3,0.5,false,null,"3"]'),
        (["a: {b: yes, c: '{tag}', d: [{e: 1}]}"], '{"b":true,"c":"{tag}","d":[{"e":1}]}'),
        (["a:", "  - name: b", "    on: 1"], '[{"name":"b","on":1}]'),
        (["a:", "  b:", "    c: é"], '{"b":{"c":"é"}}'),
        (["a: []"], "[]"),
        (["a: {}"], "{}"),
        (["a:", "  b:"], '{"b":null}'),
    ],
)
def test_a_list_or_a_mapping_is_json(lines: list[str], json: str) -> None:
    """In either way of writing it; what stands in it is read like the rest."""
    assert settings(*lines) == {"a": Setting(json, SettingKind.JSON)}


@pytest.mark.parametrize(
    "number",
    ["1.10", "1.0", "1.", "0123", "00", "-0", "1e3", "1E-3", "0x10", "0o17", "0b1", "1_000", ".5", "-.5", "+3", "+0.5", ".inf", "-.Inf", ".NaN",
     "12345678901234567890", "9007199254740993", "0.00001", "0.1234567890123456789"],
)  # fmt: skip
def test_a_number_that_would_be_written_otherwise_is_refused(number: str) -> None:
    """A version 1.10 that reaches the chart as 1.1 is what nobody looks for."""
    said = "is a number that would reach the chart otherwise than it is written; quote it"

    assert faults(f"a: {number}") == [f"9 environments.qa.set.a: {number} {said}"]
    assert faults(f"a: [{number}]") == [f"9 environments.qa.set.a: {number} {said}"]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["a:"], "a: is empty; write a value or leave the key out"),
        (["a: {tag}"], "a: {tag} without quotes is a mapping; put the text in quotes"),
        (["a: [{image}]"], "a: {image} without quotes is a mapping; put the text in quotes"),
        (["a: {b: 1, b: 2}"], "a: holds b twice"),
        (["a: {[1]: 2}"], "a: holds a key that is no word; lists and mappings cannot be keys"),
        (["a: !!str 3"], "a: has the tag tag:yaml.org,2002:str; tags are not read here"),
        (["a: !foo x"], "a: has the tag !foo; tags are not read here"),
        (["a: ['{nope}']"], "a: {nope} is not a placeholder here; there are: {registry}"),
        (["a: ['{']"], "a: '{' has a single brace; write {{ or }} for a plain one"),
        (["a: ['" + "x" * 4000 + "']"], "a: is longer than 4000 characters"),
        (['a: ["\\u0007"]'], "a: holds a character that cannot be shown"),
        (["a[x]: 1"], "a[x]: 'a[x]' has a [ that holds no index, such as [0]"),
        (["'a.': 1"], "a.: 'a.' ends where a name is missing"),
        (["'a,b': 1"], r"a,b: 'a,b' holds ',', which is written \, in a key"),
    ],
)
def test_a_setting_that_cannot_be_one_is_named_with_what_is_wrong(lines: list[str], fault: str) -> None:
    """And with its line."""
    [found] = faults(*lines)

    assert found.startswith(f"9 environments.qa.set.{fault}")


def test_keys_that_do_not_fit_together_are_refused() -> None:
    """A text has nothing below it."""
    [found] = faults("a: x", "a.b: y")

    assert "set: 'a.b' needs keys and values at a, and another value is there" in found
    assert settings("a: {b: 1}", "a.c: y").keys() == {"a", "a.c"}


def test_values_that_are_no_yaml_any_more_mean_the_same() -> None:
    """Whoever makes a model of Python's values."""
    made = Environment.model_validate({"set": {"a": False, "b": "3", "c": 3, "d": 0.5, "e": [1], "f": None}}).set

    assert made == {
        "a": Setting("false", SettingKind.PLAIN),
        "b": Setting("3"),
        "c": Setting("3", SettingKind.PLAIN),
        "d": Setting("0.5", SettingKind.PLAIN),
        "e": Setting("[1]", SettingKind.JSON),
        "f": Setting("null", SettingKind.PLAIN),
    }
