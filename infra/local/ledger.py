"""`python -m infra.local ledger SERVICE`: a ledger's entries to the byte, so that anybody can check the chain with tools of their own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TextIO

from infra.local.azurite.launcher import connected
from infra.local.folder import AZURITE, Folder
from shared.adapters.azure_storage import AzureStorage
from shared.adapters.sqlite import SqliteDatabase
from shared.bootstrap import utc_now
from shared.ports.store import Store

_PAGE = 500


def print_ledger(root: Path, service: str, out: TextIO) -> int:
    """Print a line for each entry: sequence, hash, and the exact bytes that it covers together with the hash before it."""
    folder = Folder(root)
    state = folder.storage if folder.store() == AZURITE else folder.database
    if not state.exists():
        print(f"{state} is not there; name the folder of a local host with --dir", file=sys.stderr)
        return 2
    after = 0
    with _store(state) as store:
        while rows := store.ledger(service, after=after, most=_PAGE):
            for row in rows:
                out.write(f"{row.sequence} {row.hash} {row.body.decode()}\n")
            after = rows[-1].sequence
    if not after:
        print(f"{service} has no ledger there; its name is <repository>~<service>, or estate", file=sys.stderr)
        return 1
    return 0


@contextmanager
def _store(state: Path) -> Iterator[Store]:
    """Open what a local host keeps its state in, which may be running."""
    if state.is_file():
        with closing(SqliteDatabase(state, utc_now)) as database:
            yield database.store
        return
    with connected(state) as connection, closing(AzureStorage.of_connection(connection, utc_now)) as storage:
        yield storage.store
