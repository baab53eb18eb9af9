"""Watches a GitOps repository and answers each change with a status.yaml, as an operator in a cluster does."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from threading import Event

from infra.local.operator.verdict import Health, RolloutVerdict, judge
from shared.adapters.git_disk.writing import Identity, NewCommit
from shared.adapters.gitops.branch import RemoteBranch
from shared.adapters.gitops.folder import MANIFESTS, PROMOTION, STATUS, read_mapping
from shared.adapters.gitops.refusals import PushedFirst
from shared.ports.errors import AdapterError, Transient

_IDENTITY = Identity("Operator", "operator@localhost")
_TRIES = 20
_AFTER_FAULT = 1.0
_log = logging.getLogger(__name__)


class Operator:
    """Answers for every folder that holds manifests.yaml or promotion.yaml.

    `repository` is the bare repository on this disk, `work` a folder for a copy that may be lost; `verdict` says how
    manifests are doing (None: there are none any more) and is asked again while it says Progressing.
    """

    def __init__(
        self,
        repository: Path,
        work: Path,
        *,
        branch: str = "main",
        verdict: Callable[[bytes | None], RolloutVerdict] = judge,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._branch = RemoteBranch(repository, branch, work)
        self._watched = (repository / "refs" / "heads" / branch, repository / "packed-refs")
        self._verdict, self._now = verdict, now
        self._seen: str | None = None
        self._unsettled: frozenset[str] = frozenset()

    def step(self) -> int:
        """Look once, and return how many folders were answered for; raise Transient or Permanent."""
        for _ in range(_TRIES):
            try:
                with self._branch.locked():
                    return self._answer()
            except PushedFirst:
                continue
        raise Transient(f"status.yaml could not be written: others pushed first {_TRIES} times")

    def run(self, stop: Event, wake: Event, *, interval: float = 0.05) -> None:
        """Step whenever the branch has moved, until `stop` is set; `interval` in seconds, `wake` to look at once.

        A look that finds nothing new costs two stat calls.
        """
        answered: object = None
        while not stop.is_set():
            pause = interval
            moved = self._moved()
            if moved != answered or self._unsettled:
                try:
                    self.step()
                    answered = moved
                except (AdapterError, OSError) as error:
                    _log.warning("the operator could not look: %s", error)
                    pause = _AFTER_FAULT
            wake.wait(pause)
            wake.clear()

    def _answer(self) -> int:
        tip = self._branch.fetch()
        if tip is None or (tip == self._seen and not self._unsettled):
            return 0
        changed = self._branch.changed(self._seen, tip) if self._seen else self._branch.files(tip)
        # The root belongs to nobody, and a line break in a name is nothing that Slipway writes.
        paths = [PurePosixPath(path) for path in changed if "/" in path and "\n" not in path]
        folders = {str(path.parent) for path in paths if path.name in (MANIFESTS, PROMOTION, STATUS)}
        answers = {
            folder: answer for folder in sorted(folders | self._unsettled) if (answer := self._look(tip, folder))
        }
        files = {f"{folder}/{STATUS}": content for folder, (_, content) in answers.items() if content is not None}
        if files:
            said = ", ".join(f"{folder} is {verdict.health}" for folder, (verdict, _) in answers.items())
            commit = NewCommit(files=files, author=_IDENTITY, committer=_IDENTITY, at=self._now(), message=f"{said}\n")
            tip = self._branch.append(tip, commit)
        self._seen = tip
        self._unsettled = frozenset(
            folder for folder, (verdict, _) in answers.items() if verdict.health == Health.PROGRESSING
        )
        return len(files)

    def _look(self, tip: str, folder: str) -> tuple[RolloutVerdict, bytes | None] | None:
        """The verdict of a folder, with the status.yaml to write where it is news; None where there is nothing to say."""
        manifests, record, status = self._branch.read(
            tip, *(f"{folder}/{name}" for name in (MANIFESTS, PROMOTION, STATUS))
        )
        newest = self._branch.newest(tip, f"{folder}/{MANIFESTS}", f"{folder}/{PROMOTION}")
        if newest is None or (manifests is None and record is None):
            return None
        said = read_mapping(status)
        if said.get("revision") == newest.id and said.get("health") in (Health.HEALTHY, Health.DEGRADED):
            return None
        verdict = self._verdict(manifests)
        content = _status(newest.id, verdict)
        return verdict, content if content != status else None

    def _moved(self) -> object:
        # git replaces these files by renaming, so that a change always shows.
        return [_stamp(path) for path in self._watched]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _status(revision: str, verdict: RolloutVerdict) -> bytes:
    fields = {"revision": revision, "health": verdict.health.value, "message": verdict.message}
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in fields.items()).encode(
        "utf-8", "replace"
    )
