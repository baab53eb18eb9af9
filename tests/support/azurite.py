"""Azure's storage emulator as a child of the tests, started when the first test needs it."""

from __future__ import annotations

import atexit
import ctypes
import functools
import re
import signal
import subprocess
import tempfile
import threading
import uuid

from azure.storage.queue import QueueServiceClient

from infra.local.azurite.proxy import StorageProxy
from tests.support.machine import parts

_FLAGS = ("--skipApiVersionCheck", "--inMemoryPersistence", "--disableTelemetry")
_LISTENING = re.compile(r"Azurite (\w+) service is successfully listening at (http://\S+)")
_ACCOUNT = "devstoreaccount1"
# The emulator's one account; its key is published and protects nothing.
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_SET_PARENT_DEATH_SIGNAL = 1


@functools.cache
def connection() -> str:
    """Start the emulator on free ports and return the connection string; it ends with the tests."""
    program = parts.find("azurite")
    assert program is not None, parts.ADVICE
    ports = [argument for service in ("blob", "queue", "table") for argument in (f"--{service}Port", "0")]
    folder = tempfile.TemporaryDirectory()
    process = subprocess.Popen(
        [str(program), *_FLAGS, *ports],
        cwd=folder.name,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_die_with_us,  # noqa: PLW1509  # no other thread runs Python between fork and exec
    )
    atexit.register(_stop, process, folder)
    endpoints = _endpoints(process)
    # It goes on to print every request; unread, that would stop it once the pipe is full.
    threading.Thread(target=_drain, args=(process,), daemon=True).start()
    return _connection_string(endpoints)


@functools.cache
def proxy() -> StorageProxy:
    """Stand before the emulator: counts what is asked of it, and fails when a test wants it to."""
    return StorageProxy(connection())


def new_prefix() -> str:
    """Begin the names of tables that no other test has."""
    return f"t{uuid.uuid4().hex[:16]}"


def empty_queues() -> None:
    """Take the queues away that another test has left; their names are the same everywhere."""
    with QueueServiceClient.from_connection_string(connection()) as service:
        for queue in list(service.list_queues()):
            service.delete_queue(queue)


def _endpoints(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    found: dict[str, str] = {}
    for line in process.stdout:
        if match := _LISTENING.search(line):
            found[match[1]] = match[2]
        if len(found) == 3:
            return found
    raise AssertionError(f"azurite ended with {process.wait()} before it listened")


def _connection_string(endpoints: dict[str, str]) -> str:
    urls = ";".join(f"{service}Endpoint={url}/{_ACCOUNT}" for service, url in endpoints.items())
    return f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};{urls};"


def _die_with_us() -> None:
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _drain(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for _ in lines:
            pass


def _stop(process: subprocess.Popen[str], folder: tempfile.TemporaryDirectory[str]) -> None:
    process.terminate()
    process.wait()
    folder.cleanup()
