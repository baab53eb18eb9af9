"""YAML text as plain data that remembers its lines. A small, harmless part of YAML: no tags, aliases or repeated keys.

Scalars are text, whole numbers, true, false and null; everything else (dates, fractions, yes, on) stays the text
that was written, because a configuration means what it shows. Only what stands in `set` means what Helm would read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from shared.domain.policies.setting import Setting
from shared.inbound.slipway_yaml.faults import FILE, Faults, Place
from shared.inbound.slipway_yaml.settings import UNSHOWN, setting
from shared.ports.policies import BrokenPolicy, Fault

MOST_BYTES = 256 * 1024
MOST_DEPTH = 20
_SETTING_DEPTH = 4  # environments.<name>.set.<key>
Data: TypeAlias = "str | int | bool | Setting | list[Data] | dict[str, Data] | None"

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge", "map", "seq")
)


@dataclass(frozen=True, slots=True)
class Document:
    """The file's data, the line of each place in it, and faults found on the way."""

    data: dict[str, Data]
    faults: Faults


def read(content: bytes) -> Document:
    """Parse the file; raise BrokenPolicy where it cannot be read at all."""
    if len(content) > MOST_BYTES:
        raise _unreadable(0, f"is larger than {MOST_BYTES // 1024} KiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(content[: error.start].count(b"\n") + 1, "is not UTF-8 text") from error
    try:
        _refuse_what_grows(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _unreadable(mark.line + 1 if mark else 0, f"is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise _unreadable(0, f"is not YAML: {error}") from error
    if not isinstance(root, yaml.MappingNode):
        raise _unreadable(1, "must hold keys and values; the first is version: 1")
    lines: dict[Place, int] = {(): root.start_mark.line + 1}
    builder = _Builder(lines)
    data = builder.mapping(root, ())
    return Document(data, builder.faults)


def _unreadable(line: int, problem: str) -> BrokenPolicy:
    return BrokenPolicy([Fault(file=FILE, line=line, key="", problem=problem)])


def _refuse_what_grows(text: str) -> None:
    # Before anything is built: a few bytes of aliases can stand for gigabytes, and depth overflows the stack.
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise _unreadable(line, f"*{event.anchor} is an alias; write the value out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise _unreadable(line, f"is nested deeper than {MOST_DEPTH} levels")


class _Builder:
    def __init__(self, lines: dict[Place, int]) -> None:
        self._lines = lines
        self.faults = Faults(lines)

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Data]:
        """Build a mapping and note the line of each key."""
        self._check_tag(node, place)
        built: dict[str, Data] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._lines[(*place, "?")] = line
                self.faults.add((*place, "?"), "must be a word; lists and mappings cannot be keys")
                continue
            name = self._text(key, place)
            here = (*place, name)
            if name in built:
                first, self._lines[here] = self._lines[here], line
                self.faults.add(here, f"is given twice, first in line {first}")
            self._lines[here] = line
            built[name] = self._any(value, here)
        return built

    def _any(self, node: yaml.Node, place: Place) -> Data:
        if len(place) == _SETTING_DEPTH and (place[0], place[2]) == ("environments", "set"):
            return self._setting(node, place)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, place)
        self._check_tag(node, place)
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node, place)
        return _scalar(node.tag, self._text(node, place))

    def _setting(self, node: yaml.Node, place: Place) -> Setting | None:
        problems: list[str] = []
        found = setting(node, problems)
        for problem in problems:
            self.faults.add(place, problem)
        return Setting("") if problems else found

    def _check_tag(self, node: yaml.Node, place: Place) -> None:
        if node.tag not in _PLAIN_TAGS:
            self.faults.add(place, f"has the tag {node.tag}; tags are not read here")

    def _text(self, node: yaml.Node, place: Place) -> str:
        shown = UNSHOWN.sub("�", str(node.value))
        if shown != node.value:
            self.faults.add(place, f"holds a character that cannot be shown: {shown}")
        return shown

    def _sequence(self, node: yaml.SequenceNode, place: Place) -> Data:
        for number, item in enumerate(node.value):
            self._lines[(*place, number)] = item.start_mark.line + 1
        return [self._any(item, (*place, number)) for number, item in enumerate(node.value)]


def _scalar(tag: str, text: str) -> Data:
    kind = tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "int" and _WHOLE.fullmatch(text):
        return int(text)
    return _WORDS.get(text, text) if kind == "bool" else text
