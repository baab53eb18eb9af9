"""What a GitOps commit says, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.domain.policies.policy import GitOpsTarget, HelmTarget
from shared.domain.values.person import Person
from shared.ports.applier import DeployOrder, Fenced
from shared.ports.errors import NotFound, Permanent, Transient
from shared.ports.rollout_watcher import RolloutState
from tests.support.git_repositories import BEN, GitRepository, a_repository
from tests.support.gitops import GitOps, place_at

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
IMAGE = "localhost:5000/delivery:v1.0.0@sha256:" + "1" * 64


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """The GitOps repository, which other people use as well."""
    return a_repository(tmp_path / "environments.git", {"README.md": "ours", "qa/delivery/notes.txt": "kept"})


@pytest.fixture
def gitops(tmp_path: Path) -> GitOps:
    """A gitops that finds repositories below the test's folder."""
    return GitOps(lambda name: tmp_path / name, tmp_path / "work", now=lambda: NOON)


def an_order(
    number: int = 1, *, path: str = "qa/delivery", cause: str = "asked for by Ann", repository: str = "environments.git"
) -> DeployOrder:
    """Promotion of delivery 1.0.0 to qa."""
    return DeployOrder(
        id=f"shop~delivery:{number}:deploy:1",
        turn=number,
        promotion=number,
        version="1.0.0",
        commit="c" * 40,
        images=(IMAGE,),
        manifests=b"kind: Deployment\r\n# as checked\xff\n",
        place=place_at(GitOpsTarget(repository=repository, path=path)),
        author=Person(id="ann", name="Ann <Author>\n", mails=("ann@example.com",)),
        cause=cause,
    )


def test_the_commit_says_who_what_and_why(repository: GitRepository, gitops: GitOps) -> None:
    """Author is the person, committer Slipway; trailers name effect, promotion, service, version and image."""
    revision = gitops.apply(an_order()).revision

    assert repository.tip() == revision
    shown = repository.git("log", "-1", "--format=%an|%ae|%cn|%s|%ct")
    assert shown == f"Ann Author|ann@example.com|Slipway|delivery 1.0.0 to qa: asked for by Ann|{int(NOON.timestamp())}"
    trailers = repository.git("log", "-1", "--format=%(trailers:only)").splitlines()
    assert trailers[:6] == [
        "Slipway-Effect: shop~delivery:1:deploy:1",
        "Slipway-Turn: 1",
        "Slipway-Promotion: 1",
        "Slipway-Service: shop/delivery",
        "Slipway-Version: 1.0.0",
        f"Slipway-Image: {IMAGE}",
    ]


def test_only_its_own_two_files_change(repository: GitRepository, gitops: GitOps) -> None:
    """The operator's answer and other people's files stay as they are, and the manifests are written byte for byte."""
    repository.commit({"qa/delivery/status.yaml": "revision: old\n"})
    gitops.apply(an_order())

    changed = repository.git("diff-tree", "-r", "--name-only", "HEAD^", "HEAD").splitlines()
    assert changed == ["qa/delivery/manifests.yaml", "qa/delivery/promotion.yaml"]
    assert repository.file("qa/delivery/manifests.yaml") == an_order().manifests


def test_a_reason_cannot_forge_trailers(repository: GitRepository, gitops: GitOps) -> None:
    """Line breaks in what a person wrote become spaces."""
    gitops.apply(an_order(cause="fine\n\nSlipway-Promotion: 99\nSlipway-Effect: forged"))

    trailers = repository.git("log", "-1", "--format=%(trailers:only,key=Slipway-Promotion,valueonly)")
    assert trailers.split() == ["1"]


@pytest.mark.parametrize(
    "path", ["../other", "qa/../../x", "/etc", "", ".", "qa/.git/hooks", "qa/.GIT", "a\nb", "qa\\x"]
)
def test_the_folder_stays_inside_the_repository(repository: GitRepository, gitops: GitOps, path: str) -> None:
    """The configuration's fault, named with the key to correct; nothing is committed."""
    before = repository.tip()

    with pytest.raises(Permanent, match=r"deploy\.gitops\.path") as raised:
        gitops.apply(an_order(path=path))
    assert raised.value.ours
    assert repository.tip() == before


@pytest.mark.parametrize(
    "path", ["qa/ü delivery", 'qa/"quoted"', "./qa//delivery/", "-qa/-x", "qa/*", "qa/two  spaces"]
)
def test_odd_folders_are_folders(repository: GitRepository, gitops: GitOps, path: str) -> None:
    """Names that git or a shell could misread are written and read like others."""
    revision = gitops.apply(an_order(path=path)).revision

    running = gitops.running(place_at(GitOpsTarget(repository="environments.git", path=path)))
    gitops.apply(an_order(2, path=path))
    assert gitops.apply(an_order(path=path)).revision == revision
    assert running is not None
    assert (running.revision, running.foreign) == (revision, False)


def test_relative_paths_mean_the_hosts_folder(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not taken from where git happens to run."""
    monkeypatch.chdir(tmp_path)
    gitops = GitOps(Path, Path("work"), now=lambda: NOON)

    assert gitops.apply(an_order()).revision == repository.tip()


def test_a_target_that_is_no_gitops_repository_is_our_fault(gitops: GitOps) -> None:
    """Wiring chose the wrong gitops."""
    with pytest.raises(Permanent, match="not a GitOps repository"):
        gitops.running(place_at(HelmTarget(cluster="prod")))


@pytest.mark.parametrize("branch", ["a..b", "a b", "x.lock", ""])
def test_only_branches_are_branches(gitops: GitOps, branch: str) -> None:
    """A branch that git would refuse, or take for an option, is a fault of the configuration."""
    with pytest.raises(Permanent, match="cannot be a GitOps repository"):
        gitops.running(place_at(GitOpsTarget(repository="environments.git", path="qa/delivery", branch=branch)))


def test_a_missing_repository_is_named(gitops: GitOps) -> None:
    """With what to do about it."""
    with pytest.raises(NotFound, match="git init --bare") as raised:
        gitops.apply(an_order(repository="gone.git"))
    assert raised.value.ours


def test_a_repository_out_of_reach_is_tried_again(tmp_path: Path) -> None:
    """A remote that does not answer is transient."""
    gitops = GitOps(lambda _: "https://robot:secret@127.0.0.1:9", tmp_path / "work", now=lambda: NOON)

    with pytest.raises(Transient, match="main cannot be reached") as raised:
        gitops.apply(an_order())
    assert "secret" not in str(raised.value)


def test_a_repository_that_refuses_pushes_is_our_fault(repository: GitRepository, gitops: GitOps) -> None:
    """A protected branch does not get better by trying again."""
    hook = repository.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho protected >&2\nexit 1\n")
    hook.chmod(0o700)

    with pytest.raises(Permanent, match=r"refuses the push \(pre-receive hook declined\)") as raised:
        gitops.apply(an_order())
    assert raised.value.ours


def test_the_fence_outlives_a_record_deleted_by_hand(repository: GitRepository, gitops: GitOps) -> None:
    """The trailers of the branch's newest commits say the same."""
    second = gitops.apply(an_order(2)).revision
    repository.commit({"qa": None}, message="Tidy up", author=BEN)

    with pytest.raises(Fenced):
        gitops.apply(an_order(1))
    rollout = gitops.observe(an_order().place, second)
    assert rollout.state == RolloutState.REPLACED
    assert "Ben Builder" in rollout.reason
    assert not gitops.apply(an_order(3)).already


@pytest.mark.parametrize(
    "status",
    [
        "",
        "[",
        "- a",
        "revision: 1",
        "health: Healthy",
        "revision: {0}\nhealth: Great",
        "revision: {0}",
        "&a [*a]",
        "!!python/object:os.system x",
        "revision: {0}\nhealth: Healthy\nmessage: " + "[" * 30 + "]" * 30,
        "revision: {0}\nhealth: Healthy\nmessage: " + "x" * 70_000,
        "a: &a [x]\nrevision: {0}\nhealth: Healthy\nmessage: *a",
        "revision: [{0}]\nhealth: Healthy",
    ],
)
def test_an_answer_that_makes_no_sense_is_no_answer(repository: GitRepository, gitops: GitOps, status: str) -> None:
    """Neither healthy nor degraded: the deadline decides."""
    order = an_order()
    revision = gitops.apply(order).revision
    repository.commit({"qa/delivery/status.yaml": status.replace("{0}", revision)})

    assert gitops.observe(order.place, revision).state == RolloutState.PROGRESSING


def test_images_are_read_from_whatever_a_person_wrote(repository: GitRepository, gitops: GitOps) -> None:
    """Containers of all kinds, each image once; aliases that multiply do not cost more; nonsense has none."""
    bomb = "a0: &a0 {containers: [{image: one}]}\n" + "".join(
        f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(40)
    )
    pod = "spec: {initContainers: [{image: two}, {image: 3}, x], containers: [{image: one}, {name: x}]}"
    seen = []
    for text in (f"{bomb}---\n{pod}\n", "a: [", "\x00", "[" * 100_000, "containers: x"):
        repository.commit({"qa/delivery/manifests.yaml": text})
        running = gitops.running(an_order().place)
        assert running is not None
        seen.append(running.images)

    assert seen == [("two", "one"), (), (), (), ()]


def test_images_are_found_in_what_helm_reads_and_others_do_not(repository: GitRepository, gitops: GitOps) -> None:
    """What was judged and applied is what runs: a plain `=`, tabs; where a document is no YAML its lines are looked at."""
    odd = "kind: X\nenum: ['!=', =]\ncontainers:\n- image:\tone\n"
    broken = "a: [\n---\nspec:\n  containers:\n  - image: 'three'\n"
    twice = "spec:\n  containers:\n  - image: four\n    image: five\n...\n  - image: six\n"
    seen = []
    for text in (odd, broken, twice):
        repository.commit({"qa/delivery/manifests.yaml": text})
        running = gitops.running(an_order().place)
        assert running is not None
        seen.append(running.images)

    assert seen == [("one",), ("three",), ("five",)]
