"""What stands in `set`: whether it was quoted counts, and a number must be one that nobody writes otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from shared.domain.policies.setting import Setting, SettingKind, as_json

MOST_CHARACTERS = 4000
# What a quoted scalar can smuggle in by escapes: controls (but line break and tab) and halves of characters.
UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# The words of YAML 1.1, which is what Helm reads values files with.
_WORDS = {
    **{word: True for each in ("y", "yes", "true", "on") for word in (each, each.capitalize(), each.upper())},
    **{word: False for each in ("n", "no", "false", "off") for word in (each, each.capitalize(), each.upper())},
    **dict.fromkeys(("~", "null", "Null", "NULL")),
}
# What Helm reads as a number, with and without the underscores that it takes out before.
_NUMBER = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?0[xX][0-9a-fA-F]+|[-+]?0[oO][0-7]+|[-+]?0[bB][01]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,15}")
_FRACTION = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]*[1-9]")
_EXACT = 2**53  # above, Helm's numbers have gaps
_implicit: Callable[..., str] = yaml.resolver.Resolver().resolve


def setting(node: yaml.Node, problems: list[str]) -> Setting | None:
    """Read the value of a key of `set`; None, and why, where it cannot be one or is empty."""
    if isinstance(node, yaml.ScalarNode) and node.style is None and not node.value:
        return None
    value = _value(node, problems)
    if problems:
        return None
    plain = isinstance(node, yaml.ScalarNode) and not isinstance(value, str)
    made = Setting(str(node.value), SettingKind.PLAIN) if plain else setting_of(value)
    if len(made.text) > MOST_CHARACTERS:
        problems.append(f"is longer than {MOST_CHARACTERS} characters")
    return made


def setting_of(value: object) -> Setting:
    """Say how a value is kept that is no YAML any more."""
    if isinstance(value, Setting):
        return value
    if isinstance(value, str):
        return Setting(value)
    return Setting(as_json(value), SettingKind.JSON if isinstance(value, list | dict) else SettingKind.PLAIN)


def _value(node: yaml.Node, problems: list[str]) -> object:
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, problems) for one in node.value]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, problems)
    text = _shown(node, problems)
    if isinstance(node, yaml.ScalarNode) and node.style is not None:
        return text
    if node.tag != _implicit(yaml.ScalarNode, text, (True, False)):
        problems.append(f"has the tag {node.tag}; tags are not read here")
    return _plain(text, problems)


def _mapping(node: yaml.MappingNode, problems: list[str]) -> object:
    found: dict[str, object] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            problems.append("holds a key that is no word; lists and mappings cannot be keys")
            continue
        if node.flow_style and isinstance(value, yaml.ScalarNode) and not value.value and value.style is None:
            problems.append(f"{{{key.value}}} without quotes is a mapping; put the text in quotes")
        name = _shown(key, problems)
        if name in found:
            problems.append(f"holds {name} twice")
        found[name] = _value(value, problems)
    return found


def _shown(node: yaml.Node, problems: list[str]) -> str:
    shown = UNSHOWN.sub("�", str(node.value))
    if shown != node.value:
        problems.append(f"holds a character that cannot be shown: {shown}")
    return shown


def _plain(text: str, problems: list[str]) -> object:
    if text in _WORDS or not text:
        return _WORDS.get(text)
    if _NUMBER.fullmatch(text.replace("_", "")) is None:
        return text
    if _WHOLE.fullmatch(text) and abs(int(text)) <= _EXACT:
        return int(text)
    if len(text) < 20 and _FRACTION.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    problems.append(f"{text} is a number that would reach the chart otherwise than it is written; quote it")
    return text
