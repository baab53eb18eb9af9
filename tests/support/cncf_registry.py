"""CNCF distribution in memory, for tests that need a registry nobody here wrote."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.machine import parts

_CONFIGURATION = """\
version: 0.1
storage: {inmemory: {}, delete: {enabled: true}}
http: {addr: "127.0.0.1:0", relativeurls: true}
log: {level: info}
"""
_LISTENING = re.compile(rb"listening on (127\.0\.0\.1:\d+)")


@contextmanager
def cncf_registry(folder: Path) -> Iterator[str]:
    """Run the registry for a while; gives its `host:port`."""
    configuration, log = folder / "registry.yaml", folder / "registry.log"
    configuration.write_text(_CONFIGURATION)
    program = parts.find("docker-registry")
    assert program is not None, parts.ADVICE
    with log.open("wb") as output:
        process = subprocess.Popen([program, "serve", configuration], stdout=output, stderr=output)
    try:
        while (found := _LISTENING.search(log.read_bytes())) is None:
            assert process.poll() is None, log.read_text()
        yield found[1].decode()
    finally:
        process.kill()
        process.wait()
