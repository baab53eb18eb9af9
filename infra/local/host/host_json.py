"""host.json: the settings that the local host shares with Azure, and the only ones it has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from infra.local.host.errors import HostRefused

_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOptions:
    """How messages are taken from a queue; names and defaults are those of Azure Functions.

    `lease` is how long a delivery stays invisible while a function works on it: no invocation lasts longer than `functionTimeout`.
    """

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta(0)
    plain_text: bool = False
    lease: timedelta = timedelta(minutes=30)
    max_polling_interval: timedelta = timedelta(minutes=1)

    @property
    def concurrency(self) -> int:
        """How many messages of one queue are worked on at the same time."""
        return self.batch_size + self.new_batch_threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class HostJson:
    """What the host reads from host.json."""

    route_prefix: str
    queues: QueueOptions


def read_host_json(file: Path) -> HostJson:
    """Read host.json; raise HostRefused where it cannot be read or a value is not what Azure accepts."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        extensions = _object(found, "extensions")
        return HostJson(
            route_prefix=str(_object(extensions, "http").get("routePrefix", "api")).strip("/"),
            queues=_queue_options(_object(extensions, "queues"), _span(found.get("functionTimeout", "00:30:00"))),
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise HostRefused([f"{file}: {error}"]) from error


def _queue_options(found: Mapping[str, object], lease: timedelta) -> QueueOptions:
    batch = _whole(found, "batchSize", 16, range(1, 33))
    return QueueOptions(
        batch_size=batch,
        new_batch_threshold=_whole(found, "newBatchThreshold", batch // 2, range(1001)),
        max_dequeue_count=_whole(found, "maxDequeueCount", 5, range(1, 1001)),
        visibility_timeout=_span(found.get("visibilityTimeout", "00:00:00")),
        plain_text=found.get("messageEncoding", "base64") == "none",
        lease=lease,
        max_polling_interval=_interval(found.get("maxPollingInterval", "00:01:00")),
    )


def _object(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = found.get(name, {})
    if not isinstance(value, dict):
        raise TypeError(f"{name} is {value!r}; write an object")
    return value


def _whole(found: Mapping[str, object], name: str, default: int, allowed: range) -> int:
    value = found.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        raise ValueError(f"extensions.queues.{name} is {value!r}; write a number from {allowed[0]} to {allowed[-1]}")
    return value


def _interval(value: object) -> timedelta:
    found = _span(value)
    if not found:
        raise ValueError(f"extensions.queues.maxPollingInterval is {value!r}; write a second or more")
    return found


def _span(value: object) -> timedelta:
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no time span; write hh:mm:ss")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
