"""What stored values say alike: `python -m tests.support.codec.dictionaries` writes SQLite's dictionaries anew.

They are made of what a few releases leave behind, with the names, hashes and times that differ made one. Written anew
only while no file is anywhere that was packed by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.adapters.sqlite import packed
from shared.codec.state import BUILD, ENDED, ENDED_RELEASE
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import DELIVERY, Harness, make_app

_MOST = 7_500  # of the 8 KiB that packing looks back
_ALIKE = (
    (rb"[0-9a-f]{40,64}", b"0"),
    (rb"2026-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", b"2026-11-26T12:00:00Z"),
    (rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", b"0"),
)


def told(folder: Path) -> Harness:
    """Return an application that has released, rejected and rolled back."""
    slipway = make_app("memory", folder)
    slipway.release_to("1.0.0")
    slipway.outside.clock.advance(timedelta(hours=1))
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    slipway.release_to("1.1.0")
    slipway.outside.clock.advance(timedelta(hours=1))
    slipway.release_to("1.2.0", approve=False)
    slipway.answer(approve=False)
    slipway.pump()
    slipway.outside.clock.advance(timedelta(hours=1))
    slipway.release_to("1.3.0")
    return slipway


def written(values: Iterable[bytes]) -> bytes:
    """Return a dictionary: each value once, the last ones nearest to what is packed, and no more than is looked back at."""
    alike: dict[bytes, None] = {}
    for value in values:
        said = value
        for pattern, text in _ALIKE:
            said = re.sub(pattern, text, said)
        alike.pop(said, None)
        alike[said] = None
    return b"".join(alike)[-_MOST:]


def dictionaries() -> dict[bytes, bytes]:
    """Return what each kind's dictionary would be today."""
    with TemporaryDirectory() as folder:
        slipway = told(Path(folder))
        entries = [row.body for row in slipway.app.store.ledger(str(DELIVERY), after=0, most=10_000)]
        rows = [
            value
            for prefix in (ENDED, BUILD, ENDED_RELEASE)
            for _, value in slipway.app.store.range(str(DELIVERY), prefix, f"{prefix}\x7f", most=100)
        ]
    return {packed.LEDGER: written(entries), packed.RECORD: written(rows)}


if __name__ == "__main__":
    for kind, content in dictionaries().items():
        Path(packed.__file__).with_name(packed._FILES[kind]).write_bytes(content)
