"""A mark that changes whenever a page would: asking for it costs little, so that a page can ask often."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from shared.app.hook_events.configuration import shown_configurations
from shared.app.operating.operate import ESTATE
from shared.app.parts import App


def mark(app: App, services: Iterable[str]) -> str:
    """Return the mark of services, of holds by people and of the configurations."""
    digest = hashlib.sha256()
    for name, sequence in app.store.sequences((*services, ESTATE)).items():
        digest.update(f"{name} {sequence}\n".encode())
    for repository, row in shown_configurations(app).items():
        digest.update(f"{repository} {row.etag if row else ''}\n".encode())
    return digest.hexdigest()[:16]
