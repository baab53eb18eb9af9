"""What the local host keeps below one folder, and the settings that have to stay the same from start to start."""

from __future__ import annotations

import json
import os
import secrets
import socket
import stat
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path

from infra.local.host import LocalPeople, LocalPerson, new_person, with_new_key
from shared.adapters.local_build.disk import remove

READ, APPROVE, OPERATE, ADMIN = "Slipway.Read", "Slipway.Approve", "Slipway.Operate", "Slipway.Admin"
SQLITE, AZURITE = "sqlite", "azurite"
STORES = (SQLITE, AZURITE)
# Of all that is kept here; another one is never converted.
FORMAT = 2
_FIRST_PORT = 7071
# Work on a chart takes minutes, and its process has ended within a day however often it is asked.
_TEMPORARY_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSettings:
    """Secrets and ports: hooks hold the URL, and image references hold the registry's port. `store` says what state is in."""

    hook_secret: str
    registry_secret: str
    host_key: str
    port: int
    registry_port: int
    repository: str
    source: str
    store: str
    format: int


class Folder:
    """One local host's files."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.database = self.root / "slipway.db"
        self.storage = self.root / "storage"
        self.people = self.root / "people.json"
        self.registry = self.root / "registry"
        self.origin = self.root / "origin.git"
        self.environments = self.root / "environments.git"
        self.work = self.root / "work"
        self.in_hand = self.root / "in-hand"
        self._kept = self.root / "host.json"
        self._lock = self.root / "lock"

    def kept(self, *, repository: str, source: Path, port: int | None = None, store: str | None = None) -> KeptSettings:
        """Read what was chosen at the first start, or choose it now; another port may be chosen later.

        Raise SystemExit where another store or repository is asked for: the state is of the one that was chosen.
        """
        if self._kept.exists():
            found = self._read()
            if store not in (None, found.store):
                raise SystemExit(f"{self.root} keeps its state in {found.store}; leave STORE out, or give another DIR")
            if str(source.resolve()) not in (found.source, str(self.origin)):
                raise SystemExit(f"{self.root} serves {found.source}; leave REPO out, or give another DIR")
            # 0 is any that is free: the one before is as good, and hooks and open pages know it.
            if port:
                found = replace(found, port=_free_port(port))
                write_private(self._kept, json.dumps(asdict(found), indent=1))
            return found
        made = KeptSettings(
            hook_secret=secrets.token_urlsafe(32),
            registry_secret=secrets.token_urlsafe(32),
            host_key=secrets.token_urlsafe(32),
            port=_free_port(_FIRST_PORT) if port is None else _free_port(port),
            registry_port=_free_port(0),
            repository=repository,
            source=str(source.resolve()),
            store=store or SQLITE,
            format=FORMAT,
        )
        self.root.mkdir(parents=True, exist_ok=True)
        write_private(self._kept, json.dumps(asdict(made), indent=1))
        return made

    def keep_private(self) -> None:
        """Make the folder this user's alone, with what lies in it already."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        for found in self.root.iterdir():
            if not found.is_symlink():
                found.chmod(0o700 if found.is_dir() else 0o600)

    def started_before(self) -> bool:
        """Whether a host has kept anything here."""
        return self._kept.exists()

    def store(self) -> str | None:
        """What a host kept its state in here, None where there was none."""
        return self._read().store if self._kept.exists() else None

    def _read(self) -> KeptSettings:
        values = json.loads(self._kept.read_text(encoding="utf-8"))
        if values.get("format") != FORMAT:
            raise SystemExit(f"{self.root} keeps its state in another format; give another DIR, or start what wrote it")
        return KeptSettings(**values)

    def load_people(self) -> LocalPeople:
        """Read the people of this host; the first time an author, a release manager and an operator are made.

        Only then are their keys known.
        """
        if not self.people.exists():
            self.keep_private()
            return self.keep_people(first_people())
        return LocalPeople.load(self.people)

    def make_new_keys(self) -> LocalPeople:
        """Give everybody another key, which is known only now; those before prove nothing any more."""
        return self.keep_people(with_new_key(person) for person in self.load_people())

    def keep_people(self, people: Iterable[LocalPerson]) -> LocalPeople:
        """Have the host know these people, and nobody else."""
        made = LocalPeople(people)
        made.save(self.people)
        return made

    def empty_scratch(self) -> None:
        """Remove what a host that died had on the way; the folder is taken. Of what is temporary only its age tells."""
        remove(self.work / "scratch")
        oldest = time.time() - _TEMPORARY_FOR.total_seconds()
        for left in Path(tempfile.gettempdir()).glob("slipway-*"):
            with suppress(OSError):
                found = left.lstat()
                if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and found.st_mtime < oldest:
                    remove(left)

    def take(self) -> int:
        """Lock the folder for this process; raise SystemExit where another host uses it."""
        import fcntl

        # Whatever this process writes from now on is this user's alone, too.
        os.umask(0o077)
        self.keep_private()
        lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"{self.root} is in use by another local host; stop it first, or give another DIR"
            ) from None
        return lock


def first_people() -> Sequence[LocalPerson]:
    """Make an author, who may approve as well, a release manager and an operator."""
    managers = ["release-managers"]
    return [
        new_person("Ada Author", mails=["ada@example.com"], groups=managers, roles=[READ, APPROVE]),
        new_person("Rita Manager", mails=["release-manager@example.com"], groups=managers, roles=[READ, APPROVE]),
        new_person("Olga Operator", mails=["olga@example.com"], roles=[READ, OPERATE, ADMIN]),
    ]


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("no port is free on 127.0.0.1")
