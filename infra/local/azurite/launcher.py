"""Azurite as a child of this process: started on free ports of loopback, saved and ended with it."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from infra.local.azurite import program
from infra.local.folder import write_private
from infra.local.host.log import log_event

_FLAGS = ("--silent", "--skipApiVersionCheck", "--disableTelemetry")
_LISTENING = re.compile(r"Azurite (\w+) service is successfully listening at (http://\S+)")
_SERVICES = ("blob", "queue", "table")
_ACCOUNT = "devstoreaccount1"
# The emulator's one account; its key is published and protects nothing.
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_GUARD = Path(__file__).with_name("end_with_us.js")
_CONNECTION = "connection"
_PATIENCE = 30.0


class AzuriteFailed(Exception):
    """Azurite did not start; the text says why."""


class AzuriteBusy(AzuriteFailed):
    """Another Azurite has the folder open."""


class Azurite:
    """A storage account in memory, or in a folder where it outlives its process; `connection` is its connection string.

    It answers before it is on the disk: Azurite saves every five seconds and when it ends, also when its parent is
    killed. Only a kill of Azurite itself or the end of the machine loses the last seconds. It is started by `with`.
    """

    def __init__(self, location: Path | None = None, *, wait: float = _PATIENCE) -> None:
        self._stopping = False
        self._temporary = tempfile.TemporaryDirectory() if location is None else None
        self._folder = Path(self._temporary.name) if self._temporary is not None else location or Path()
        self._process = self._start(wait)
        try:
            self.connection = connection_string(self._endpoints())
        except BaseException:
            self._close()
            raise
        write_private(self._folder / _CONNECTION, self.connection)
        # Unread, what it prints would stop it once the pipe is full.
        self._reader = threading.Thread(target=self._drain, name="azurite", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def stop(self) -> None:
        """Let it save, and wait until it has ended."""
        self._stopping = True
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._reader.join()
        self._close()

    def _close(self) -> None:
        with self._process:  # closes the pipes and waits
            pass
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Azurite:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, wait: float) -> subprocess.Popen[str]:
        node, main = program.installed()
        where = ["--inMemoryPersistence"] if self._temporary is not None else ["--location", "."]
        ports = [word for service in _SERVICES for word in (f"--{service}Port", "0")]
        lock = _lock(self._folder, wait)
        try:
            # A group of its own, so that Ctrl-C ends the host in order. The lock is the child's: it lasts as long as that.
            return subprocess.Popen(
                [node, "--require", str(_GUARD), main, *_FLAGS, *where, *ports],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                process_group=0,
                pass_fds=[lock],
            )
        finally:
            os.close(lock)

    def _endpoints(self) -> dict[str, str]:
        assert self._process.stdout is not None
        found: dict[str, str] = {}
        said: list[str] = []
        for line in self._process.stdout:
            said.append(line.strip())
            if match := _LISTENING.search(line):
                found[match[1]] = match[2]
            if len(found) == len(_SERVICES):
                return found
        code = self._process.wait()
        raise AzuriteFailed(f"Azurite ended with {code} before it listened: {' / '.join(said[-3:]) or 'silently'}")

    def _drain(self) -> None:
        assert self._process.stdout is not None
        said = ""
        for line in self._process.stdout:
            said = line.strip()
        if not self._stopping:
            log_event("azurite.ended", code=self._process.wait(), said=said)


@contextmanager
def connected(location: Path) -> Iterator[str]:
    """The connection string of a folder's Azurite: the one that runs, or one that is started for the moment."""
    try:
        azurite = Azurite(location, wait=0)
    except AzuriteBusy:
        yield (location / _CONNECTION).read_text(encoding="utf-8")
        return
    with azurite:
        yield azurite.connection


def connection_string(endpoints: dict[str, str]) -> str:
    """Return the connection string of the emulator's account."""
    urls = ";".join(f"{service}Endpoint={url}/{_ACCOUNT}" for service, url in endpoints.items())
    return f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};{urls};"


def _lock(folder: Path, wait: float) -> int:
    """Lock the folder, waiting for an Azurite whose host was killed and that saves; raise AzuriteBusy."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    end = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                os.close(lock)
                raise AzuriteBusy(f"{folder} is in use by another Azurite; stop its host first") from None
            time.sleep(0.02)
        else:
            return lock
