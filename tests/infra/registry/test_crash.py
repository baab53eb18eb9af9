"""What was acknowledged is there after kill -9, and nothing that was half done is."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.adapters.oci_registry import OciRegistry
from tests.support import registries

_SERVE = """
import sys, threading
from pathlib import Path
from infra.local.registry import serve
print(serve(Path(sys.argv[1])).host, flush=True)
threading.Event().wait()
"""


@contextmanager
def registry_process(root: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the registry in a process of its own; gives its host and the process."""
    command = [sys.executable, "-c", _SERVE, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_what_was_pushed_survives(tmp_path: Path) -> None:
    """Tag, manifest and blobs, read by the next process."""
    with registry_process(tmp_path / "registry") as (host, process):
        digest = registries.push_index(host, "delivery", "v1.0.0", tmp_path)
        kill(process)

    with registry_process(tmp_path / "registry") as (host, _):
        report = OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

    assert report.copied


def test_half_an_upload_is_nothing_and_can_be_done_again(tmp_path: Path) -> None:
    """The blob is absent after the restart, and pushed whole it is there."""
    content = os.urandom(4 << 20)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    with registry_process(tmp_path) as (host, process):
        with contextlib.closing(http.client.HTTPConnection(host)) as connection:
            connection.putrequest("POST", f"/v2/delivery/blobs/uploads/?digest={digest}")
            connection.putheader("Content-Length", str(len(content)))
            connection.endheaders(content[: 3 << 20])
            _wait_for(tmp_path / "uploads")
            kill(process)

    with registry_process(tmp_path) as (host, _), contextlib.closing(http.client.HTTPConnection(host)) as connection:
        absent = _status(connection, "HEAD", f"/v2/delivery/blobs/{digest}", b"")
        pushed = _status(connection, "POST", f"/v2/delivery/blobs/uploads/?digest={digest}", content)
        present = _status(connection, "HEAD", f"/v2/delivery/blobs/{digest}", b"")

    assert (absent, pushed, present) == (404, 201, 200)


def test_nothing_of_a_killed_upload_is_left_behind(tmp_path: Path) -> None:
    """The next start clears what cannot be finished."""
    for folder in ("uploads/delivery/_sessions", "scratch"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / ("0" * 32)).write_bytes(b"half")

    with registries.embedded_registry(tmp_path):
        left = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert left == []


def _wait_for(uploads: Path) -> None:
    until = time.monotonic() + 60
    while not any(path.is_file() and path.stat().st_size for path in uploads.rglob("*")):
        assert time.monotonic() < until, "nothing of the upload arrived"


def _status(connection: http.client.HTTPConnection, method: str, path: str, body: bytes) -> int:
    connection.request(method, path, body=body)
    answer = connection.getresponse()
    answer.read()
    return answer.status
