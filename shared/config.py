"""Settings: the only place that reads the environment. Names begin with SLIPWAY_."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from shared.domain.errors import InvalidValue

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between installations.

    `repositories` are bare or plain git repositories on this disk by name; `gitops` is the folder that relative GitOps
    repositories are looked up in. `registry`, where set, takes the place of the registry that slipway.yaml names.
    `roles` says which functions an app registers; empty means all.
    """

    database: Path | None = None
    work: Path = Path(".local/work")
    repositories: Mapping[str, Path] = field(default_factory=dict)
    gitops: Path = Path(".local")
    registry: str | None = None
    hook_secret: str = field(default="", repr=False)
    registry_hook_secret: str = field(default="", repr=False)
    max_body: int = MIB
    roles: frozenset[str] = frozenset()
    rollout_poll: timedelta = timedelta(seconds=15)
    path: str = os.defpath

    @staticmethod
    def from_env(environment: Mapping[str, str] | None = None) -> Settings:
        """Read SLIPWAY_* variables; raise InvalidValue naming the one that is wrong."""
        env = os.environ if environment is None else environment
        return Settings(
            database=Path(env["SLIPWAY_DATABASE"]) if env.get("SLIPWAY_DATABASE") else None,
            work=Path(env.get("SLIPWAY_WORK", ".local/work")),
            repositories=_paths("SLIPWAY_REPOSITORIES", env.get("SLIPWAY_REPOSITORIES", "{}")),
            gitops=Path(env.get("SLIPWAY_GITOPS", ".local")),
            registry=env.get("SLIPWAY_REGISTRY") or None,
            hook_secret=env.get("SLIPWAY_HOOK_SECRET", ""),
            registry_hook_secret=env.get("SLIPWAY_REGISTRY_HOOK_SECRET", ""),
            max_body=_whole("SLIPWAY_MAX_BODY", env.get("SLIPWAY_MAX_BODY", str(MIB))),
            roles=frozenset(one.strip() for one in env.get("SLIPWAY_ROLES", "").split(",") if one.strip()),
            rollout_poll=timedelta(
                milliseconds=_whole("SLIPWAY_ROLLOUT_POLL_MS", env.get("SLIPWAY_ROLLOUT_POLL_MS", "15000"))
            ),
            path=env.get("PATH", os.defpath),
        )

    def to_env(self) -> dict[str, str]:
        """Return the variables that `from_env` reads these settings from, for a child process."""
        return {
            "SLIPWAY_DATABASE": str(self.database or ""),
            "SLIPWAY_WORK": str(self.work),
            "SLIPWAY_REPOSITORIES": json.dumps({name: str(path) for name, path in self.repositories.items()}),
            "SLIPWAY_GITOPS": str(self.gitops),
            "SLIPWAY_REGISTRY": self.registry or "",
            "SLIPWAY_HOOK_SECRET": self.hook_secret,
            "SLIPWAY_REGISTRY_HOOK_SECRET": self.registry_hook_secret,
            "SLIPWAY_MAX_BODY": str(self.max_body),
            "SLIPWAY_ROLES": ",".join(sorted(self.roles)),
            "SLIPWAY_ROLLOUT_POLL_MS": str(self.rollout_poll // timedelta(milliseconds=1)),
            "PATH": self.path,
        }


def _whole(name: str, text: str) -> int:
    if not text.isdecimal():
        raise InvalidValue(name, f"{text!r} is not a whole number")
    return int(text)


def _paths(name: str, text: str) -> Mapping[str, Path]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidValue(name, f"is not JSON: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(path, str) for path in found.values()):
        raise InvalidValue(name, "is not an object of repository names and paths")
    return {key: Path(path) for key, path in found.items()}
