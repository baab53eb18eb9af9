"""A service as it stands, outside of any decision."""

from __future__ import annotations

from typing import NamedTuple

from shared.app.parts import App
from shared.codec.estate import decode_estate
from shared.codec.state import RELEASES, decode_state, ended_release_row
from shared.domain.state.estate import Estate
from shared.domain.state.release import Release, ServiceState
from shared.domain.values.names import ServiceKey
from shared.domain.values.version import Version
from shared.ports.store import Loaded


class LoadedService(NamedTuple):
    """State, people's holds, and the head of the ledger at the time of reading. Sequence 0: nothing was ever written."""

    state: ServiceState
    estate: Estate
    sequence: int
    ledger_hash: str


def read_service(app: App, service: ServiceKey, *, exact: bool = True) -> LoadedService:
    """Read a service in one go; not `exact`, as a decision reads it (see Store.read)."""
    return view_of(service, app.store.read(str(service), exact=exact))


def view_of(service: ServiceKey, loaded: Loaded) -> LoadedService:
    """Decode what a store loaded; raise UnreadableRecord."""
    state = loaded.decoded
    if not isinstance(state, ServiceState) or loaded.extra:
        state = decode_state(service, loaded.rows, loaded.extra)
    return LoadedService(
        state=state,
        estate=decode_estate(loaded.estate, loaded.estate_sequence),
        sequence=loaded.sequence,
        ledger_hash=loaded.ledger_hash,
    )


def release_in(app: App, view: LoadedService, version: Version) -> Release | None:
    """Return one release of a service that was read already; an ended one costs one more row."""
    if version.key() in view.state.releases:
        return view.state.releases[version.key()]
    row = app.store.row(str(view.state.service), ended_release_row(version.key()))
    return RELEASES.decode(row) if row is not None else None
