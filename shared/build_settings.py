"""Settings of the builds on this machine, read with all others by config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.errors import InvalidValue
from shared.environment import whole

MIB = 1 << 20
# With less an ordinary commit would not fit, and each would be called at fault.
_LEAST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSettings:
    """How many bytes of the disk a build may take while it runs, and what builds fetched and keep in all."""

    disk: int = 8192 * MIB
    caches: int = 16384 * MIB

    @staticmethod
    def from_env(env: Mapping[str, str]) -> BuildSettings:
        """Read SLIPWAY_BUILD_*_MIB."""
        default = BuildSettings()
        return BuildSettings(
            disk=_mebibytes(env, "SLIPWAY_BUILD_DISK_MIB", default.disk),
            caches=_mebibytes(env, "SLIPWAY_BUILD_CACHES_MIB", default.caches),
        )

    def to_env(self) -> dict[str, str]:
        """See Settings."""
        return {
            "SLIPWAY_BUILD_DISK_MIB": str(self.disk // MIB),
            "SLIPWAY_BUILD_CACHES_MIB": str(self.caches // MIB),
        }


def _mebibytes(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name)
    found = whole(name, text) * MIB if text else default
    if found < _LEAST * MIB:
        raise InvalidValue(name, f"{text} is less than {_LEAST}, with which hardly anything is built")
    return found
