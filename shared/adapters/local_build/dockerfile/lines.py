"""Instructions of a Dockerfile, as BuildKit's parser takes them: directives, comments, continued lines, heredocs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.adapters.local_build.dockerfile.words import split, without_quotes

LONGEST = 64 << 10
_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=(.*)")
_HEREDOC = re.compile(r"[0-9]*<<(-?)([^<]+)")
# What may be followed by a heredoc; ONBUILD where the instruction in it may.
_WITH_HEREDOC = frozenset({"RUN", "COPY", "ADD"})


class UnreadableDockerfile(ValueError):
    """A text that no builder takes for a Dockerfile."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction in capitals, and what stands behind it."""

    word: str
    rest: str


def read(text: str) -> tuple[str, Sequence[Instruction]]:
    """Return the escape character and the instructions; raise UnreadableDockerfile."""
    if len(text) > LONGEST:
        raise UnreadableDockerfile(f"is longer than {LONGEST >> 10} KiB")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    escape = _escape(lines)
    found: list[Instruction] = []
    at = 0
    while at < len(lines):
        logical, at = _logical(lines, at, escape)
        if logical:
            found.append(_instruction(logical))
            for name, tabs in _heredocs(found[-1], escape):
                at = _behind(lines, at, name, tabs)
    return escape, found


def _instruction(line: str) -> Instruction:
    word, *rest = line.split(maxsplit=1)
    return Instruction(word.upper(), rest[0].strip() if rest else "")


def _escape(lines: Sequence[str]) -> str:
    # Directives come before everything else, comments included; what looks like one further down is a comment.
    for line in lines:
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive is None:
            break
        if directive[1].lower() == "escape" and directive[2].strip() in ("\\", "`"):
            return directive[2].strip()
    return "\\"


def _logical(lines: Sequence[str], at: int, escape: str) -> tuple[str, int]:
    """Join a line with those that continue it, and say where the next one begins."""
    parts: list[str] = []
    while at < len(lines):
        line = lines[at].rstrip(" \t")
        at += 1
        if not line.strip() or line.lstrip().startswith("#"):
            # Within a continued line both are passed over.
            if parts:
                continue
            return "", at
        if line.endswith(escape) and not line.endswith(2 * escape):
            parts.append(line[:-1])
            continue
        parts.append(line)
        break
    return "".join(parts).strip(), at


def _heredocs(instruction: Instruction, escape: str) -> Iterator[tuple[str, bool]]:
    """Name the ends of the heredocs that an instruction opens, and whether tabs before the end count for nothing."""
    word, rest = instruction.word, instruction.rest
    if word == "ONBUILD" and rest:
        inner = _instruction(rest)
        word, rest = inner.word, inner.rest
    if word not in _WITH_HEREDOC or "<<" not in rest or _is_list(rest):
        return
    for each in split(rest, escape):
        opened = _HEREDOC.fullmatch(each)
        if opened is not None:
            yield without_quotes(opened[2], escape), bool(opened[1])


def _is_list(rest: str) -> bool:
    if not rest.startswith("["):
        return False
    try:
        return isinstance(json.loads(rest), list)
    except (ValueError, RecursionError):
        return False


def _behind(lines: Sequence[str], at: int, name: str, tabs: bool) -> int:
    for number in range(at, len(lines)):
        line = lines[number].lstrip("\t") if tabs else lines[number]
        if line == name:
            return number + 1
    raise UnreadableDockerfile(f"has a heredoc that {name[:40]} does not end")
