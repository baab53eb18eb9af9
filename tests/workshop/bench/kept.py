"""A quiet outside that remembers what was built and deployed when its process is killed, and takes a moment for each."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from shared.domain.names import Digest
from shared.domain.policy import DeployTarget, GitOpsTarget
from shared.ports.deployer import DeployOrder, DeployReport, Running
from shared.ports.registry import CopyReport
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.wiring import Quiet, quiet
from tests.workshop.bench.world import QuietDeployer, QuietRegistry


class Journal(dict[str, str]):
    """A dictionary whose items are appended to a file; a kill takes none of them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        path.touch()
        for line in path.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):  # the last line may have been cut short
                super().__setitem__(*json.loads(line))
        self._file = path.open("a", encoding="utf-8")

    def __setitem__(self, key: str, value: str) -> None:
        """Keep an item."""
        super().__setitem__(key, value)
        self._file.write(json.dumps([key, value]) + "\n")
        self._file.flush()


class KeptRegistry(QuietRegistry):
    """Remembers tags."""

    def __init__(self, folder: Path, moment: float) -> None:
        super().__init__()
        self._moment = moment
        self._journal = Journal(folder / "registry.jsonl")
        self.tagged = _Tags(self._journal)

    def copy(
        self, registry: str, source_repository: str, target_repository: str, digest: Digest, tag: str
    ) -> CopyReport:
        """See Registry."""
        time.sleep(self._moment)
        return super().copy(registry, source_repository, target_repository, digest, tag)


class _Tags(dict[tuple[str, str], Digest]):
    """Tags by repository and name; each new one is written down."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        found = ((tuple(key.split(" ")), Digest(text)) for key, text in journal.items())
        super().__init__({(key[0], key[1]): digest for key, digest in found})

    def __setitem__(self, key: tuple[str, str], digest: Digest) -> None:
        super().__setitem__(key, digest)
        self._journal[" ".join(key)] = digest.text


class KeptDeployer(QuietDeployer):
    """Remembers what runs where; what never was deployed here is what the store's shape says."""

    def __init__(self, before: QuietDeployer, folder: Path, moment: float) -> None:
        super().__init__()
        self._before, self._moment = before, moment
        self._journal = Journal(folder / "deployed.jsonl")

    def deploy(self, order: DeployOrder) -> DeployReport:
        """See Deployer."""
        time.sleep(self._moment)
        if isinstance(order.target, GitOpsTarget):
            self._journal[order.target.path] = order.image
        return DeployReport(revision=order.version)

    def running(self, target: DeployTarget) -> Running | None:
        """See Deployer."""
        image = self._journal.get(target.path) if isinstance(target, GitOpsTarget) else None
        if image is None:
            return self._before.running(target)
        return Running(revision="", turn=None, foreign=False, images=(image,))


def kept_outside(shape: Shape, folder: Path, moment: float) -> Quiet:
    """Put it together around a large store; what it remembers lies beside it."""
    made = replace(quiet([]), source=shape.source(), registry=KeptRegistry(folder, moment))
    return replace(made, deployer=KeptDeployer(shape.deployer(), folder, moment))
