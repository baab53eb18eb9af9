"""Authors of what is released, read from real repositories: whoever changes what is used is one of them, however it is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.adapters.git_disk.source import GitSource
from shared.adapters.git_disk.writing import Identity
from shared.adapters.helm_charts import HelmCharts
from shared.app.performing.authors import read_authors
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.state.promotion import Deployed, Promotion
from shared.domain.state.release import EnvironmentState, Release
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.app_parts import make_app
from tests.support.git_repositories import ANN, BEN, NOON, GitRepository, a_repository
from tests.support.pilot import Pilot, policy
from tests.support.wiring import around_ports

RITA = Identity("Rita", "release-manager@example.com")
SERVICE = {
    "src/shipping/delivery/app.py": "guard()\n",
    "charts/delivery/Chart.yaml": "name: delivery\nversion: 0.1.0\n",
    "charts/delivery/values-qa.yaml": "replicas: 1\n",
}
LINKED = {"src/shipping/elsewhere/app.py": "x = 1\n"}


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """A monorepo with one service, which Ann wrote."""
    return a_repository(tmp_path / "mono.git", SERVICE)


def wrote(repository: GitRepository, folder: Path, commit: str, live: str | None) -> list[str]:
    """Mails of the authors of a commit since what is live."""
    source = GitSource({"mono": repository.path})
    instead = {"source": source, "charts": HelmCharts()}
    app = around_ports(make_app("memory", folder).app, lambda name, port: instead.get(name, port))
    release = Release(
        version=Version.parse("1.1.0"),
        ref="refs/heads/release/delivery/v1.1.0",
        commit=commit,
        phase=ReleasePhase.PACKAGED,
        reason="",
        since=NOON,
        created=NOON,
    )
    artifact = Pilot().release_to("1.0.0").release("1.0.0").artifact
    assert artifact is not None
    deployed = Deployed(artifact=replace(artifact, commit=live or ""), manifests="", promotion=1, at=NOON)
    environment = EnvironmentState(name="production", live=deployed if live else None)
    mine = replace(policy(), service=ServiceKey("mono", "delivery"))
    promotion = Promotion(
        number=1,
        environment="production",
        kind=PromotionKind.FORWARD,
        phase=Phase.PENDING,
        since=NOON,
        created=NOON,
        cause="",
    )
    return [one.mail for one in read_authors(app, mine, release, promotion, environment).first]


def test_a_co_author_and_a_committer_are_authors(repository: GitRepository, tmp_path: Path) -> None:
    """As a squash merge writes them, in any case and wherever the line stands."""
    message = "Weigh parcels anew (#12)\n\nCO-Authored-by: Rita <release-manager@example.com>\n\nmore text\n"
    commit = repository.commit({"src/shipping/delivery/app.py": "1"}, message=message, committer=BEN)

    assert wrote(repository, tmp_path, commit, None) == ["ann@example.com", "ben@example.com", RITA.mail]


@pytest.mark.parametrize(
    "files",
    [{".gitattributes": "src/shipping/delivery/app.py export-ignore\n"}, {"src/.gitattributes": "*.py ident\n"}],
)
def test_attack_change_attributes_above_the_service(
    repository: GitRepository, tmp_path: Path, files: dict[str, str | bytes | None]
) -> None:
    """Builders that check out obey them."""
    live = repository.tip()
    commit = repository.commit(files, author=RITA)

    assert wrote(repository, tmp_path, commit, live) == [RITA.mail]


def test_attack_change_a_folder_that_the_service_is_a_link_to(repository: GitRepository, tmp_path: Path) -> None:
    """Both the link and what it leads to are used."""
    folder = repository.commit({**LINKED, "src/shipping/delivery/app.py": None})
    linked = link(repository, folder, "src/shipping/delivery", "elsewhere")
    commit = repository.commit({"src/shipping/elsewhere/app.py": "evil = 1\n"}, author=RITA)

    assert wrote(repository, tmp_path, commit, linked) == [RITA.mail]


def test_attack_let_a_link_lead_to_what_one_wrote_long_ago(repository: GitRepository, tmp_path: Path) -> None:
    """What is live did not use it: its whole history counts, and whoever made the link is an author."""
    live = repository.commit(LINKED, author=RITA)
    removed = repository.commit({"src/shipping/delivery/app.py": None}, author=BEN)
    commit = link(repository, removed, "src/shipping/delivery", "elsewhere")

    assert RITA.mail in wrote(repository, tmp_path, commit, live)


def test_who_moves_a_file_is_its_author(repository: GitRepository, tmp_path: Path) -> None:
    """Whatever they took from elsewhere without a change."""
    live = repository.commit({"src/other/tool.py": "tool = 1\n"}, author=BEN)
    moved = {"src/other/tool.py": None, "src/shipping/delivery/tool.py": "tool = 1\n"}
    commit = repository.commit(moved, author=RITA)

    assert wrote(repository, tmp_path, commit, live) == [RITA.mail]


def test_who_wrote_elsewhere_is_none(repository: GitRepository, tmp_path: Path) -> None:
    """Another service's change does not count, or in a monorepo nobody could approve anything."""
    live = repository.tip()
    commit = repository.commit({"src/shipping/package/app.py": "1", "slipway.yaml": "version: 1\n"}, author=RITA)

    assert wrote(repository, tmp_path, commit, live) == []


def link(repository: GitRepository, on: str, path: str, to: str) -> str:
    """Commit a link, as Ann."""
    blob = repository.git("hash-object", "-w", str(_file(repository, to)))
    repository.git("read-tree", on)
    repository.git("update-index", "--add", "--cacheinfo", f"120000,{blob},{path}")
    tree = repository.git("write-tree")
    who = ["-c", f"user.name={ANN.name}", "-c", f"user.email={ANN.mail}"]
    commit = repository.git(*who, "commit-tree", tree, "-p", on, "-m", "Link")
    repository.git("update-ref", "refs/heads/main", commit)
    return commit


def _file(repository: GitRepository, content: str) -> Path:
    path = repository.path / "link-to"
    path.write_text(content)
    return path
