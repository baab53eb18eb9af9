"""What is measured, as OpenTelemetry's instruments: made when the first value comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opentelemetry.metrics import Meter
from opentelemetry.util.types import Attributes

from shared.domain.drafts import measures
from shared.ports.queues import QUEUE_AGE, QUEUE_LENGTH

Taker = Callable[[float, Attributes], None]

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
# From minutes to weeks: a lead time has no use for the milliseconds that OpenTelemetry's own buckets are made for.
_BUCKETS = (
    *(_MINUTE * one for one in (1, 2, 5, 10, 20, 30)),
    *(_HOUR * one for one in (1, 2, 4, 8, 12)),
    *(_DAY * one for one in (1, 2, 3, 5, 7, 14, 30)),
)
_COUNTERS: Mapping[str, tuple[str, str]] = {
    measures.DEPLOYMENTS: ("{deployment}", "Versions that came to a last environment"),
    measures.FAILURES: ("{deployment}", "Versions that failed there, or were rolled back"),
}
_TIMES: Mapping[str, str] = {
    measures.LEAD_TIME: "From the push of a version to its success in a last environment",
    measures.RESTORE: "From a failure in a last environment to the next success there",
}
_LEVELS: Mapping[str, tuple[str, str]] = {
    QUEUE_LENGTH: ("{message}", "Messages in a queue, about"),
    QUEUE_AGE: ("s", "How long the oldest message that can be taken has been there"),
}


class Instruments:
    """Takes values by the names that the product has for them."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._made: dict[str, Taker] = {}

    def take(self, name: str, value: float, attributes: Attributes) -> None:
        """Add a value; one of an unknown name is a level of its own."""
        taker = self._made.get(name)
        if taker is None:
            taker = self._made.setdefault(name, self._make(name))
        taker(value, attributes)

    def _make(self, name: str) -> Taker:
        if name in _COUNTERS:
            return self._meter.create_counter(name, *_COUNTERS[name]).add
        if name in _TIMES:
            made = self._meter.create_histogram(name, "s", _TIMES[name], explicit_bucket_boundaries_advisory=_BUCKETS)
            return made.record
        return self._meter.create_gauge(name, *_LEVELS.get(name, ("", ""))).set
