"""Three processes on one store: control, the worker for everything but production, and production's.

Control alone decides; the workers report to it by their queues. Each acts outside with the identities that it holds and no other, and what it does there is written down with whose identity it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shared.app.access import EnvironmentAccess
from shared.app.parts import App
from shared.by_role import reporting, state_of
from shared.config import Settings
from shared.domain.messages.queues import NONPROD, PRODUCTION
from shared.ports.errors import Permanent
from tests.support.app_parts import Harness, make_app
from tests.support.databases import open_database
from tests.support.outside import SLIPWAY_YAML, Outside
from tests.support.wiring import around_ports, wire

CONTROL = "control"
OWN, QA_IDENTITY, PRODUCTION_IDENTITY = "own", "qa-identity", "production"
HELD: Mapping[str, frozenset[str]] = {
    CONTROL: frozenset(),
    NONPROD: frozenset({QA_IDENTITY}),
    PRODUCTION: frozenset({PRODUCTION_IDENTITY}),
}
WITH_IDENTITIES = SLIPWAY_YAML.replace(
    "    namespace: backend-qa\n", f"    namespace: backend-qa\n    identity: {QA_IDENTITY}\n"
).replace("    namespace: backend\n", f"    namespace: backend\n    identity: {PRODUCTION_IDENTITY}\n")


@dataclass(frozen=True, slots=True)
class Used:
    """A call to the outside: by which process, with whose identity, what."""

    role: str
    identity: str
    call: str


class _Recorded:
    """A port whose calls are written down."""

    def __init__(self, port: Any, name: str, role: str, identity: str, used: list[Used]) -> None:
        self._port, self._name, self._role, self._identity, self._used = port, name, role, identity, used

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if name not in ("render", "parse"):  # which ask nobody
                self._used.append(Used(self._role, self._identity, f"{self._name}.{name}"))
            return found(*args, **kwargs)

        return call


class Fleet:
    """The processes, moved by one hand; `slipway` is control."""

    def __init__(self, folder: Path, *, slipway_yaml: str = WITH_IDENTITIES) -> None:
        self.used: list[Used] = []
        world = Outside(slipway_yaml=slipway_yaml)
        database = open_database("apart", folder, world)
        self.slipway: Harness = make_app("memory", folder, world, database=database)
        self.slipway.app = self._process(CONTROL, self.slipway.app)
        self.slipway.workers = {
            role: self._worker(role, wire(database, world, folder / role)) for role in (NONPROD, PRODUCTION)
        }

    def by(self, role: str) -> set[tuple[str, str]]:
        """What a process did outside, and with whose identity."""
        return {(one.identity, one.call) for one in self.used if one.role == role}

    def roles(self, identity: str) -> set[str]:
        """The processes that acted with an identity."""
        return {one.role for one in self.used if one.identity == identity}

    def _worker(self, role: str, app: App) -> App:
        """A worker as it is wired where state lies in an account."""
        chosen = Settings(roles=frozenset({role}))
        store, rows, queues = state_of(chosen, app.store, app.rows, self.slipway.database.queues, app.evidence)
        own = replace(app, store=store, rows=rows, queues=queues, receiver=None, reporting=reporting(chosen))
        return self._process(role, own)

    def _process(self, role: str, app: App) -> App:
        def acting(identity: str | None) -> EnvironmentAccess:
            if identity is not None and identity not in HELD[role]:
                raise Permanent(f"{role} does not hold the identity {identity}", ours=True)

            def recorded(name: str, port: Any) -> Any:
                return _Recorded(port, name, role, identity or OWN, self.used)

            return around_ports(app, recorded).access_as(identity)

        return replace(app, access_as=acting, production=frozenset({PRODUCTION_IDENTITY}))
