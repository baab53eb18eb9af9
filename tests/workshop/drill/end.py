"""Where everything stands when a story is over, without what may differ: times, ports, and numbers given out in another order."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.folder import Folder
from infra.local.registry.blobs import Blobs
from infra.local.registry.repositories import Repositories
from infra.local.sample import REPOSITORY, git
from shared import bootstrap
from shared.adapters.sqlite import SqliteDatabase
from shared.app.handling.loaded_service import LoadedService, read_service, release_in
from shared.app.operating.operate import ESTATE, holds
from shared.app.operating.poison import open_poison
from shared.codec.ledger import verify
from shared.config import Settings
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import EnvironmentState
from shared.domain.values.names import ServiceKey
from shared.domain.values.version import Version
from tests.support.parts import chart_of
from tests.workshop.drill.scene import SERVICE, Scene
from tests.workshop.drill.story import VERSIONS

DELIVERY = ServiceKey(REPOSITORY, SERVICE)
REGISTRIES = ("delivery", "charts/delivery", "prod/delivery", "prod/charts/delivery")
_BUILD, _PORT = re.compile(r"\bbuild \d+"), re.compile(r"127\.0\.0\.1:\d+")
# What a cluster puts at the end of a pod's name.
_POD = re.compile(r"\b(delivery)-[a-z0-9]{1,10}-[a-z0-9]{5}\b")
# They hold a commit's name, which holds a time; or the hash of manifests, which name a port.
_OF_ITS_OWN = re.compile(r"^(revision|manifests): \"[0-9a-f]+\"$", re.M)

End = Mapping[str, Any]
WRONG = "wrong"  # what may be in no end, in sentences


def end_of(folder: Folder, scene: Scene) -> End:
    """Read all of it below the folder of a host that was stopped; raise BrokenLedger where a ledger does not hold."""
    environments = folder.environments
    return {
        **own_end(folder, scene),
        "environments.git": files_of(environments),
        "written": written_to(environments),
    }


def own_end(folder: Folder, scene: Scene) -> End:
    """Read what Slipway keeps and has put into the registry, without the environments; raise the same."""
    served = {REPOSITORY: folder.origin}
    settings = Settings(database=folder.database, work=folder.work, gitops=folder.root, repositories=served)
    database = SqliteDatabase(folder.database, bootstrap.utc_now)
    try:
        app = bootstrap.build(settings, database, now=bootstrap.utc_now)
        for service in (str(DELIVERY), ESTATE):
            verify(app.store.ledger(service, after=0, most=100_000), service=service)
        view = read_service(app, DELIVERY)
        state = view.state
        return {
            "releases": {version: _release(app, view, version) for version in VERSIONS},
            "environments": {name: _environment(one) for name, one in sorted(state.environments.items())},
            "validations": sorted(state.validations),
            "artifact holds": [one.version for one in state.holds],
            "holds": [one.scope for one in holds(app)],
            "statuses": {name: _statuses(app, commit) for name, commit in scene.commits.items()},
            "registry": registry_of(folder),
            "poison": sorted(one.queue for one in open_poison(app, most=100)),
            "messages": _left(folder.database),
        }
    finally:
        database.close()


def registry_of(folder: Folder) -> dict[str, str]:
    """Every tag of the registry, with its digest."""
    repositories = Repositories(folder.registry, Blobs(folder.registry))
    return {
        f"{name}:{tag}": repositories.resolve(name, tag)
        for name in REGISTRIES
        if (folder.registry / "repositories" / name).is_dir()
        for tag in repositories.tags(name)
    }


def files_of(repository: Path) -> dict[str, str]:
    """Every file of the environments, without what is different each time."""
    names = git(repository, "ls-tree", "-r", "--name-only", "main").splitlines()
    return {name: same(git(repository, "show", f"main:{name}")) for name in names}


def written_to(repository: Path) -> list[str]:
    """Every commit that Slipway made, oldest first: doing an effect twice adds none."""
    log = git(repository, "log", "--reverse", "--format=%s%x00%(trailers:key=Slipway-Effect,valueonly,separator=%x2C)")
    return [same(line.replace("\0", " by ")) for line in log.splitlines() if not line.endswith("\0")]


def same(text: str) -> str:
    """Take out of a sentence what is different each time."""
    return _OF_ITS_OWN.sub(r"\1: …", _POD.sub(r"\1-…", _PORT.sub("registry", _BUILD.sub("build", text))))


def _release(app: Any, view: LoadedService, version: str) -> object:
    found = release_in(app, view, Version.parse(version))
    if found is None:
        return None
    artifact = found.artifact
    return {
        "phase": found.phase.value,
        "reason": same(found.reason),
        "commit": found.commit,
        "artifact": artifact and (artifact.image.digest.text, chart_of(artifact).digest.text, artifact.commit),
        "building": found.build is not None,
        "tagging": found.tagging is not None,
        "promotions": [_promotion(one) for one in found.promotions],
    }


def _promotion(one: Promotion) -> tuple[object, ...]:
    asked = one.approval is not None
    votes = [vote.person.name for vote in one.approval.votes] if one.approval else []
    return one.number, one.environment, one.kind.value, one.phase.value, same(one.reason), asked, votes


def _environment(one: EnvironmentState) -> dict[str, object]:
    return {
        "live": one.live and (one.live.artifact.version.text, one.live.artifact.image.digest.text),
        "good": [good.artifact.version.text for good in one.good],
        "slot": one.slot,
        "unknown": one.unknown,
        "closed": [closed.reason for closed in one.closed],
    }


def _statuses(app: Any, commit: str) -> dict[str, tuple[str, str]]:
    found = app.repository(REPOSITORY).statuses.statuses(REPOSITORY, commit)
    return {one.context: (one.state.value, same(one.description)) for one in found}


def _left(database: Path) -> list[str]:
    """Messages that nobody has dealt with."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return sorted(queue for (queue,) in connection.execute("SELECT queue FROM message"))
