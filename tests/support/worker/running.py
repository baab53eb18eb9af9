"""The real Functions worker in a child process, and what a test asks of it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any

import pytest

from tests.support.machine import parts
from tests.support.tree import ROOT

_CHILD = Path(__file__).with_name("child.py")
SITE = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))


def worker_or_skip() -> None:
    """Say that a test did not run on a Python that the worker does not know; fail where it has to run."""
    parts.without_worker(sys.version_info[:2], skip=pytest.skip, fail=pytest.fail)


class WorkerRefused(Exception):
    """The worker did not take the app; the text is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """A function as the worker reports it to the platform."""

    id: str
    name: str
    bindings: tuple[Mapping[str, Any], ...]

    @property
    def trigger(self) -> Mapping[str, Any]:
        """The binding that it is called by."""
        return next(one for one in self.bindings if str(one["type"]).lower().endswith("trigger"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an invocation: an error, or what was returned, which is of HTTP's shape for an HTTP function."""

    error: str
    returned: Mapping[str, Any]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.returned["http"]["status_code"])

    @property
    def headers(self) -> Mapping[str, str]:
        """The HTTP headers."""
        found: Mapping[str, str] = self.returned["http"]["headers"]
        return found

    @property
    def body(self) -> bytes:
        """The HTTP body."""
        return base64.b64decode(self.returned["http"]["body"]["bytes"]["base64"])


class Worker:
    """One app in the real worker, in a process that ends with the `with` block.

    `paths` are where modules come from beside the app's own folder and the standard library; `settings` are the app's settings.
    With an `empty` folder the worker starts in there, without an app and its settings, as one that Azure keeps ready.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        *,
        app: Path = ROOT,
        paths: Sequence[str | Path] = SITE,
        empty: Path | None = None,
    ) -> None:
        self._app, self._paths, self._empty = app, [str(path) for path in paths], empty
        self._log = TemporaryFile()  # noqa: SIM115 - `stop` closes it
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
        self._settings = {**inherited, **settings}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=inherited if empty else self._settings,
            text=True,
        )
        self.functions: Mapping[str, Indexed] = {}

    def ask(self, verb: str, **fields: Any) -> Any:
        """Send a line and read the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"verb": verb, **fields}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"error": f"the worker ended with {self._process.wait()}"}
        if "error" in answer:
            raise AssertionError(f"{answer['error']}\n{self.log()}")
        return answer["answer"]

    def start(self) -> Worker:
        """Take the app, and get every function ready; raise WorkerRefused where the worker does not take it."""
        if self._empty is None:
            _check(self.ask("start", directory=str(self._app), paths=self._paths))
        else:
            _check(self.ask("start", directory=str(self._empty), paths=self._paths))
            _check(self.ask("specialize", directory=str(self._app), settings=self._settings))
        found = _check(self.ask("index"))["function_metadata_results"] or []
        self.functions = {
            one["name"]: Indexed(
                id=one["function_id"],
                name=one["name"],
                bindings=tuple(json.loads(text) for text in one["raw_bindings"]),
            )
            for one in found
        }
        for one in self.functions.values():
            _check(self.ask("load", function=one.id))
        return self

    def invoke(self, name: str, value: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> Result:
        """Call a function with what its trigger brings."""
        one = self.functions[name]
        answer = self.ask(
            "invoke", function=one.id, parameter=one.trigger["name"], value=dict(value), metadata=dict(metadata or {})
        )
        return Result(error=_fault(answer), returned=answer.get("return_value") or {})

    def modules(self) -> list[str]:
        """What the app imported until now."""
        found: list[str] = self.ask("modules")
        return found

    def log(self) -> str:
        """What the worker and the app wrote."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def __enter__(self) -> Worker:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process; it ends by itself when there is nothing more to read."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=60)
        finally:
            self._process.kill()  # nothing where it has ended
            self._process.stdout.close()
            self._log.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _fault(answer: Mapping[str, Any]) -> str:
    """What a status says that is no success."""
    result = answer["result"]
    if result["status"] == 1:
        return ""
    exception = result["exception"]
    return f"{exception['message']}\n{exception['stack_trace']}"


def _check(answer: dict[str, Any]) -> dict[str, Any]:
    fault = _fault(answer)
    if fault:
        raise WorkerRefused(fault)
    return answer
