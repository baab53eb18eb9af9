"""`python -m infra.local ledger SERVICE`: a ledger's entries to the byte, so that anybody can check the chain with tools of their own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from infra.local.folder import Folder
from shared.adapters.sqlite import SqliteDatabase
from shared.bootstrap import utc_now

_PAGE = 500


def print_ledger(root: Path, service: str, out: TextIO) -> int:
    """Print a line for each entry: sequence, hash, and the exact bytes that it covers together with the hash before it."""
    file = Folder(root).database
    if not file.exists():
        print(f"{file} is not there; name the folder of a local host with --dir", file=sys.stderr)
        return 2
    database = SqliteDatabase(file, utc_now)
    try:
        after = 0
        while rows := database.store.ledger(service, after=after, most=_PAGE):
            for row in rows:
                out.write(f"{row.sequence} {row.hash} {row.body.decode()}\n")
            after = rows[-1].sequence
    finally:
        database.close()
    if not after:
        print(f"{service} has no ledger there; its name is <repository>~<service>, or estate", file=sys.stderr)
        return 1
    return 0
