"""A mark that changes whenever a page would: asking for it costs little, so that a page can ask often."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from shared.app.parts import App
from shared.codec.repository import CONFIG
from shared.domain.names import ServiceKey


def mark(app: App, services: Iterable[ServiceKey]) -> str:
    """Return the mark of services, of holds by people and of the configurations."""
    digest = hashlib.sha256()
    for name in (*(str(one) for one in services), "estate"):
        digest.update(f"{name} {app.store.read(name).sequence}\n".encode())
    for repository in sorted(app.source.repositories()):
        row = app.rows.get(repository, CONFIG)
        digest.update(f"{repository} {row.etag if row else ''}\n".encode())
    return digest.hexdigest()[:16]
