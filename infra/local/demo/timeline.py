"""The live timeline: one line for each thing that happened, with the time since the beginning."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence

from infra.local.client import Client

_LOOK = 0.1


class Timeline:
    """Follows the ledgers from a thread and prints what is new."""

    def __init__(self, client: Client, services: Sequence[str]) -> None:
        self._client, self._services = client, services
        self._after = dict.fromkeys(services, 0)
        self._began = time.monotonic()
        self._stop = threading.Event()
        self._print = threading.Lock()
        self._thread = threading.Thread(target=self._follow, name="timeline", daemon=True)
        self._thread.start()

    def say(self, who: str, text: str) -> None:
        """Print a line of one's own."""
        with self._print:
            print(f"{time.monotonic() - self._began:7.2f}  {who:<10} {text}", flush=True)

    def stop(self) -> None:
        """Print what is left, and end."""
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stop.wait(_LOOK):
            self._look()
        self._look()

    def _look(self) -> None:
        for service in self._services:
            try:
                found = self._client.get(f"/api/services/{service}/ledger?after={self._after[service]}")
            except OSError as error:
                print(f"timeline: {error}", file=sys.stderr)
                continue
            for entry in found.body.get("entries", []):
                self._after[service] = entry["sequence"]
                person = (entry.get("person") or {}).get("name", "")
                for note in entry.get("notes") or []:
                    self.say(service, note + (f" by {person}" if person and person not in note else ""))
                    person = ""
                if entry["outcome"] == "refused":
                    self.say(service, f"refused {f'to {person}' if person else entry['type']}: {entry['reason']}")
