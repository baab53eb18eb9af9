"""What a registry's message comes to."""

from __future__ import annotations

from typing import NamedTuple

from shared.domain.messages.events import RegistryEvent


class RegistryMessage(NamedTuple):
    """Events to queue, and why the rest was passed over, where that is worth a line in the log."""

    events: tuple[RegistryEvent, ...] = ()
    passed_over: tuple[str, ...] = ()
