"""Azurite as a child: what it keeps, and that it ends with who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from infra.local.azurite.launcher import Azurite, AzuriteBusy, AzuriteFailed
from tests.support.host import wait_until
from tests.support.tree import ROOT

pytestmark = [pytest.mark.real("azurite"), pytest.mark.slow]

_STARTER = """
import sys
from pathlib import Path
from infra.local.azurite.launcher import Azurite
azurite = Azurite(Path(sys.argv[1]))
print(azurite.pid, azurite.connection, flush=True)
sys.stdin.read()
"""


def write(connection: str) -> None:
    """Leave an entity and a message."""
    with TableServiceClient.from_connection_string(connection) as tables:
        tables.create_table("kept").create_entity({"PartitionKey": "p", "RowKey": "r", "value": b"whole"})
    with QueueServiceClient.from_connection_string(connection) as queues:
        queues.create_queue("kept").send_message("hello")


def read(connection: str) -> tuple[bytes, list[str]]:
    """Return the entity's value and the messages."""
    with TableServiceClient.from_connection_string(connection) as tables:
        value: bytes = tables.get_table_client("kept").get_entity("p", "r")["value"]
    with QueueServiceClient.from_connection_string(connection) as queues:
        return value, [message.content for message in queues.get_queue_client("kept").receive_messages()]


def is_there(pid: int) -> bool:
    """Whether a process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_was_written_is_there_after_a_stop(tmp_path: Path) -> None:
    """Entities and messages."""
    with Azurite(tmp_path / "storage") as azurite:
        write(azurite.connection)

    with Azurite(tmp_path / "storage") as azurite:
        found = read(azurite.connection)

    assert found == (b"whole", ["hello"])


def test_a_kill_of_who_started_it_saves_everything_and_leaves_nothing_running(tmp_path: Path) -> None:
    """The next one on the folder waits until the orphan has saved."""
    command = [sys.executable, "-c", _STARTER, str(tmp_path / "storage")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid, connection = starter.stdout.readline().split()
        write(connection)
        starter.send_signal(signal.SIGKILL)
        starter.wait()

    with Azurite(tmp_path / "storage") as azurite:
        found = read(azurite.connection)

    wait_until(lambda: not is_there(int(pid)))
    assert found == (b"whole", ["hello"])


def test_a_folder_has_one_azurite_at_a_time(tmp_path: Path) -> None:
    """Two would overwrite each other's files."""
    with Azurite(tmp_path / "storage"), pytest.raises(AzuriteBusy, match="is in use by another Azurite"):
        Azurite(tmp_path / "storage", wait=0)


def test_an_azurite_that_does_not_start_says_why(tmp_path: Path) -> None:
    """With its own last words, here about files that it cannot read."""
    (tmp_path / "__azurite_db_table__.json").mkdir()

    with pytest.raises(AzuriteFailed, match="before it listened"):
        Azurite(tmp_path)
