"""Settings of the work on charts, read with all others by config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.values.errors import InvalidValue
from shared.environment import names, whole
from shared.ports.chart_limits import MIB, ChartLimits

# By default, and at the least: below that no chart at all is rendered.
_NUMBERS = {
    "SLIPWAY_CHART_MEMORY_MIB": (512, 128),
    "SLIPWAY_CHART_ADDRESS_SPACE_MIB": (4096, 3072),
    "SLIPWAY_CHART_PROCESSOR_S": (20, 1),
    "SLIPWAY_CHART_TIME_S": (60, 1),
    "SLIPWAY_CHART_OUTPUT_MIB": (16, 1),
}
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_OUTGOING = (*_PROXIES, *(name.lower() for name in _PROXIES), "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSettings:
    """What work on a chart may take, and where its dependencies come from: `hosts` by name, `*` any.

    `outgoing` are the machine's own variables of proxies and certificates, which asking these hosts takes.
    """

    limits: ChartLimits = field(default_factory=ChartLimits)
    hosts: frozenset[str] = frozenset()
    outgoing: Mapping[str, str] = field(default_factory=dict, repr=False)

    @staticmethod
    def from_env(env: Mapping[str, str]) -> ChartSettings:
        """Read SLIPWAY_CHART_*."""
        numbers = {name: _number(name, env.get(name), *bounds) for name, bounds in _NUMBERS.items()}
        return ChartSettings(
            limits=ChartLimits(
                resident=numbers["SLIPWAY_CHART_MEMORY_MIB"] * MIB,
                address_space=numbers["SLIPWAY_CHART_ADDRESS_SPACE_MIB"] * MIB,
                processor=timedelta(seconds=numbers["SLIPWAY_CHART_PROCESSOR_S"]),
                wall=timedelta(seconds=numbers["SLIPWAY_CHART_TIME_S"]),
                output=numbers["SLIPWAY_CHART_OUTPUT_MIB"] * MIB,
            ),
            hosts=names(env.get("SLIPWAY_CHART_HOSTS", "").lower()),
            outgoing={name: env[name] for name in _OUTGOING if env.get(name)},
        )

    def to_env(self) -> dict[str, str]:
        """See Settings."""
        limits = self.limits
        return {
            "SLIPWAY_CHART_MEMORY_MIB": str(limits.resident // MIB),
            "SLIPWAY_CHART_ADDRESS_SPACE_MIB": str(limits.address_space // MIB),
            "SLIPWAY_CHART_PROCESSOR_S": str(limits.processor // timedelta(seconds=1)),
            "SLIPWAY_CHART_TIME_S": str(limits.wall // timedelta(seconds=1)),
            "SLIPWAY_CHART_OUTPUT_MIB": str(limits.output // MIB),
            "SLIPWAY_CHART_HOSTS": ",".join(sorted(self.hosts)),
            **self.outgoing,
        }


def _number(name: str, text: str | None, default: int, least: int) -> int:
    found = whole(name, text) if text else default
    if found < least:
        raise InvalidValue(name, f"{found} is less than {least}, with which no chart is rendered")
    return found
