"""A local host in a process of its own, to be killed and started again over the same folder."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]


class HostProcess:
    """`python -m infra.local up` below a folder. Ends with the `with` block, however that ends."""

    def __init__(self, folder: Path, *, store: str | None = None, repo: Path | None = None) -> None:
        self.folder, self._store, self._repo = folder, store, repo
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder.parent / "host.log"

    def start(self) -> None:
        """Start it, the first time or again; it listens some time later."""
        store = ["--store", self._store] if self._store else []
        repo = ["--repo", str(self._repo)] if self._repo else []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.local", "up", "--dir", str(self.folder), "--port", "0", *store, *repo],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> int:
        """Kill -9 it as if the power had gone, and return its pid."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=60)
        return self._process.pid

    def stop(self) -> int:
        """Ask it to stop, as Ctrl-C does, and return its exit code; what runs may finish, a chart that never ends too."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(timeout=300)

    def stop_and_pid(self) -> int:
        """Ask it to stop, and return the pid that it had."""
        assert self._process is not None
        pid = self._process.pid
        assert self.stop() == 0
        return pid

    def kept(self) -> dict[str, str]:
        """Its ports and secrets, once it has chosen them."""
        found: dict[str, str] = json.loads((self.folder / "host.json").read_text(encoding="utf-8"))
        return found

    def keys(self) -> dict[str, str]:
        """The key of each person, as it printed them once."""
        return dict(re.findall(r"  (\S+ \S+) +http\S+#key=(\S+)", self.log.read_text(encoding="utf-8")))

    def wait_until_ready(self) -> None:
        """Wait until it has chosen everything that a visitor needs."""
        wanted = [self.folder / name for name in ("host.json", "people.json")]
        wanted += [] if self._repo else [self.folder / "origin.git/HEAD"]
        end = time.monotonic() + 60
        while not (all(path.exists() for path in wanted) and self.keys()):
            assert time.monotonic() < end, self.log.read_text(errors="replace")
            time.sleep(0.05)

    def __enter__(self) -> HostProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
