"""A local host in a process of its own, to be killed and started again over the same folder."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from tests.support.mortal import MortalProcess


class HostProcess(MortalProcess):
    """`python -m infra.local up` below a folder."""

    def __init__(self, folder: Path, *, store: str | None = None, repo: Path | None = None) -> None:
        self.folder = folder
        more = [*(["--store", store] if store else []), *(["--repo", str(repo)] if repo else [])]
        command = [sys.executable, "-m", "infra.local", "up", "--dir", str(folder), "--port", "0", *more]
        super().__init__(folder.parent / "host.log", lambda _: command)

    def stop_and_pid(self) -> int:
        """Ask it to stop, and return the pid that it had."""
        pid = self.process.pid
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
        """Wait until its first life has told a visitor everything."""
        end = time.monotonic() + 60
        while "Ctrl-C stops it." not in (said := self.log.read_text(errors="replace")):
            assert time.monotonic() < end, said
            time.sleep(0.05)
