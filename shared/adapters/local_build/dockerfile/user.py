"""The last stage's last USER, inherited from the stage it builds on, with the variables that are set there."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.adapters.local_build.dockerfile.lines import Instruction, UnreadableDockerfile, read
from shared.adapters.local_build.dockerfile.words import filled, split

# As Docker reads a user: by name, or by a number in Go's way of writing it.
_ROOT = re.compile(r"root|[+-]?0+|")
_MOST_STAGES = 200
_SCRATCH = "scratch"


class RunsAsRoot(ValueError):
    """The image runs as root; `user` is what its configuration says, empty where it says nothing."""

    def __init__(self, user: str) -> None:
        self.user = user
        super().__init__(
            f"the image must not run as root, and the Dockerfile's last stage {f'has USER {user}' if user else 'has no USER'}; "
            "end it with a line such as USER 10001:10001"
        )


@dataclass
class _Stage:
    """What is known at the end of a stage; a user or a value of None is the base image's business."""

    user: str | None = None
    env: dict[str, str | None] = field(default_factory=dict)
    args: dict[str, str | None] = field(default_factory=dict)
    later: list[Instruction] = field(default_factory=list)

    def below(self) -> _Stage:
        """Return what a stage begins with that builds on this one."""
        return _Stage(self.user, dict(self.env), dict(self.args))

    @property
    def known(self) -> Mapping[str, str | None]:
        """Variables: what ENV sets wins over an argument of that name."""
        return ChainMap(self.env, self.args)


def user(text: str, args: Mapping[str, str]) -> str | None:
    """Return `user[:group]` as the image's configuration will have it, or None where only the base image knows.

    `args` are build arguments. Raise RunsAsRoot, UnreadableDockerfile.
    """
    escape, instructions = read(text)
    reading = _Reading(args, escape)
    for instruction in instructions:
        reading.take(instruction)
    if reading.stage is None:
        raise UnreadableDockerfile("has no FROM, so it makes no image")
    found = reading.stage.user
    if found is not None and _ROOT.fullmatch(found.partition(":")[0]):
        raise RunsAsRoot(found)
    return found


class _Reading:
    """Takes one instruction after the other."""

    def __init__(self, args: Mapping[str, str], escape: str) -> None:
        self._given, self._escape = args, escape
        self._outer: dict[str, str | None] = dict(args)
        self._named: dict[str, _Stage] = {}
        self._stages = 0
        self.stage: _Stage | None = None

    def take(self, instruction: Instruction) -> None:
        """Let an instruction have its effect on what is known."""
        word, rest = instruction.word, instruction.rest
        if word == "FROM":
            self._from(rest)
        elif word == "ARG":
            self._arg(rest)
        elif self.stage is None:
            return
        elif word == "ENV":
            self._env(self.stage, rest)
        elif word == "USER":
            self.stage.user = self._fill(rest, self.stage.known)
        elif word == "ONBUILD" and rest:
            inner, *behind = rest.split(maxsplit=1)
            self.stage.later.append(Instruction(inner.upper(), behind[0] if behind else ""))

    def _from(self, rest: str) -> None:
        self._stages += 1
        if self._stages > _MOST_STAGES:
            raise UnreadableDockerfile(f"has more than {_MOST_STAGES} stages")
        words = [word for word in split(rest, self._escape) if not word.startswith("--")]
        if not words:
            raise UnreadableDockerfile("has a FROM that names no image")
        base = self._fill(words[0], self._outer)
        built_on = self._named.get(base.lower()) if base is not None else None
        # Nobody sets a user in nothing; any other base has one that only it knows.
        self.stage = built_on.below() if built_on else _Stage(user="" if base == _SCRATCH else None)
        for instruction in _before_anything_else(built_on):
            self.take(instruction)
        if len(words) > 2 and words[1].upper() == "AS":
            self._named[words[2].lower()] = self.stage

    def _arg(self, rest: str) -> None:
        for word in split(rest, self._escape):
            name, has_default, default = word.partition("=")
            if self.stage is None:
                value = self._fill(default, self._outer) if has_default else None
                self._outer[name] = self._given.get(name, value)
                continue
            value = self._fill(default, self.stage.known) if has_default else self._outer.get(name)
            self.stage.args[name] = self._given.get(name, value)

    def _env(self, stage: _Stage, rest: str) -> None:
        words = list(split(rest, self._escape))
        if words and "=" not in words[0]:
            name, *value = rest.split(maxsplit=1)
            stage.env[name] = self._fill(value[0] if value else "", stage.known)
            return
        # Each value is filled with what was known before the line.
        parts = [word.partition("=") for word in words]
        stage.env |= {name: self._fill(text, stage.known) for name, _, text in parts}

    def _fill(self, text: str, known: Mapping[str, str | None]) -> str | None:
        return filled(text, known, self._escape)


def _before_anything_else(base: _Stage | None) -> Sequence[Instruction]:
    return base.later if base is not None else ()
