"""Settings of the builds on this machine, read with all others by config."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.domain.values.errors import InvalidValue
from shared.environment import whole

MIB = 1 << 20
# With less an ordinary commit would not fit, and each would be called at fault.
_LEAST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSettings:
    """What a build may take and see of the machine.

    `disk` is how many bytes of it a build may take while it runs, `caches` what builds fetched and keep in all. `reads` are
    folders that they may read and run programs from, beside what they see of the system anyway.
    """

    disk: int = 8192 * MIB
    caches: int = 16384 * MIB
    reads: tuple[Path, ...] = ()

    @staticmethod
    def from_env(env: Mapping[str, str]) -> BuildSettings:
        """Read SLIPWAY_BUILD_*_MIB and SLIPWAY_BUILD_READS."""
        default = BuildSettings()
        return BuildSettings(
            disk=_mebibytes(env, "SLIPWAY_BUILD_DISK_MIB", default.disk),
            caches=_mebibytes(env, "SLIPWAY_BUILD_CACHES_MIB", default.caches),
            reads=tuple(Path(one) for one in env.get("SLIPWAY_BUILD_READS", "").split(os.pathsep) if one),
        )

    def to_env(self) -> dict[str, str]:
        """See Settings."""
        return {
            "SLIPWAY_BUILD_DISK_MIB": str(self.disk // MIB),
            "SLIPWAY_BUILD_CACHES_MIB": str(self.caches // MIB),
            "SLIPWAY_BUILD_READS": os.pathsep.join(map(str, self.reads)),
        }


def _mebibytes(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name)
    found = whole(name, text) * MIB if text else default
    if found < _LEAST * MIB:
        raise InvalidValue(name, f"{text} is less than {_LEAST}, with which hardly anything is built")
    return found
