"""Who an image runs as, read from its Dockerfile: the last stage's last USER, inherited from the stage it builds on."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")
_ROOT = frozenset({"", "0", "root"})


class RunsAsRoot(ValueError):
    """The image would run as root, or as somebody that the Dockerfile does not tell."""


def user(text: str, args: Mapping[str, str]) -> str:
    """Return `user[:group]` as the image's configuration has it; raise RunsAsRoot. `args` are build arguments."""
    users: dict[str, str] = {}
    known: dict[str, str] = {}
    stage, current = "", ""
    for instruction, rest in _instructions(text):
        if instruction == "FROM":
            words = [word for word in rest.split() if not word.startswith("--")]
            stage = words[2].lower() if len(words) > 2 and words[1].upper() == "AS" else ""
            current = users.get(words[0].lower(), "") if words else ""
        elif instruction == "ARG":
            name, _, default = rest.partition("=")
            known[name.strip()] = args.get(name.strip(), default.strip().strip("\"'"))
        elif instruction == "ENV":
            known |= dict(re.findall(r"(\w+)[= ]\"?([^\s\"]*)", rest))
        elif instruction == "USER":
            current = _filled(rest.strip().strip("\"'"), known)
        users[stage] = current
    if current.partition(":")[0] in _ROOT:
        raise RunsAsRoot(
            f"the image must not run as root, and the Dockerfile's last stage {f'has USER {current}' if current else 'has no USER'}; "
            "end it with a line such as USER 10001:10001"
        )
    return current


def _filled(text: str, known: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        return known.get(found[1] or found[3]) or found[2] or ""

    return _VARIABLE.sub(value, text)


def _instructions(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"[\\`]\s*\n", " ", "\n".join(lines))
    found: list[tuple[str, str]] = []
    heredoc = ""
    for line in joined.splitlines():
        if heredoc:
            heredoc = "" if line.strip() == heredoc else heredoc
            continue
        word, _, rest = line.strip().partition(" ")
        found.append((word.upper(), rest.strip()))
        opened = re.search(r"<<-?[\"']?(\w+)", rest) if word.upper() in {"RUN", "COPY", "ADD"} else None
        heredoc = opened[1] if opened else ""
    return found
