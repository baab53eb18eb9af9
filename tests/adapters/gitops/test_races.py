"""Others push at the same time, processes die in between: nothing is lost and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.domain.policies.policy import GitOpsTarget
from shared.domain.values.person import SLIPWAY
from shared.ports.applier import DeployOrder, Fenced
from shared.ports.errors import NotFound, Transient
from tests.support.git_repositories import GitRepository, a_repository
from tests.support.gitops import GitOps, place_at

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """The GitOps repository."""
    return a_repository(tmp_path / "environments.git", {"README.md": "ours"})


def a_gitops(folder: Path, work: str, *, now: Callable[[], datetime] = lambda: NOON, tries: int = 20) -> GitOps:
    """A gitops with copies of its own, as another process has them."""
    return GitOps(lambda name: folder / name, folder / work, now=now, tries=tries, pause=lambda _: None)


def an_order(service: str = "delivery", number: int = 1) -> DeployOrder:
    """A promotion of a service to qa."""
    return DeployOrder(
        id=f"shop~{service}:{number}:deploy:1",
        turn=number,
        promotion=number,
        version=f"1.{number}.0",
        commit="c" * 40,
        images=(f"localhost:5000/{service}:v1.{number}.0",),
        manifests=f"kind: Deployment # {service} {number}\n".encode(),
        place=place_at(GitOpsTarget(repository="environments.git", path=f"qa/{service}")),
        author=SLIPWAY,
        cause="test",
    )


def test_a_push_that_came_first_is_built_upon(repository: GitRepository, tmp_path: Path) -> None:
    """Somebody pushes between our look and our push, twice: their commits stay, ours is on top."""
    theirs: list[str] = []

    def somebody_pushes_first() -> datetime:
        # The clock is read between fetch and push.
        if len(theirs) < 2:
            theirs.append(repository.commit({f"theirs-{len(theirs)}.txt": "x"}))
        return NOON

    report = a_gitops(tmp_path, "work", now=somebody_pushes_first).apply(an_order())

    assert repository.git("rev-list", "--max-count=3", "main").splitlines() == [report.revision, *reversed(theirs)]


def test_a_later_promotion_that_came_first_is_not_overwritten(repository: GitRepository, tmp_path: Path) -> None:
    """The fence is asked again after each lost race."""
    other = a_gitops(tmp_path, "other")

    def a_later_one_comes_first() -> datetime:
        other.apply(an_order(number=2))
        return NOON

    with pytest.raises(Fenced, match="has written qa/delivery"):
        a_gitops(tmp_path, "work", now=a_later_one_comes_first).apply(an_order(number=1))
    assert repository.file("qa/delivery/manifests.yaml") == an_order(number=2).manifests


def test_who_loses_every_race_is_told_to_try_again(repository: GitRepository, tmp_path: Path) -> None:
    """After so many tries the effect goes back to its queue."""

    def always_first() -> datetime:
        repository.commit({"theirs.txt": str(repository.tip())})
        return NOON

    with pytest.raises(Transient, match=r"delivery 1\.1\.0 could not be committed for qa: others pushed first 3 times"):
        a_gitops(tmp_path, "work", now=always_first, tries=3).apply(an_order())


@pytest.mark.parametrize("works", [("one", "one"), ("one", "two")], ids=["one copy", "a copy each"])
def test_many_at_once_all_arrive(repository: GitRepository, tmp_path: Path, works: tuple[str, str]) -> None:
    """Threads that share a copy and hosts that do not: each service's commit is there once, on one line of history."""
    # Clocks of their own, because two equal commits would be one.
    clocks = [lambda at=NOON + timedelta(hours=n): at for n in range(len(works))]
    gitopss = [a_gitops(tmp_path, work, now=clock, tries=100) for work, clock in zip(works, clocks, strict=True)]
    orders = [an_order(f"service-{n}") for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        # The same orders to both, as after a lease that ran out.
        reports = list(pool.map(lambda pair: pair[0].apply(pair[1]), [(d, o) for o in orders for d in gitopss]))

    assert len({report.revision for report in reports}) == len(orders)
    assert sum(report.already for report in reports) == len(orders)
    assert len(repository.git("rev-list", "main").splitlines()) == len(orders) + 1


def test_a_push_whose_end_was_not_seen_is_found_again(repository: GitRepository, tmp_path: Path) -> None:
    """Another host, with no copy yet, reports the commit of the first one."""
    first = a_gitops(tmp_path, "first").apply(an_order())
    repository.commit({"theirs.txt": "x"})
    second = a_gitops(tmp_path, "second").apply(an_order())

    assert second == replace(first, already=True)


def test_an_order_is_found_after_history_was_rewritten(repository: GitRepository, tmp_path: Path) -> None:
    """Somebody squashes the branch: the record still says that the order was applied, and the newest commit stands for it."""
    gitops = a_gitops(tmp_path, "work")
    gitops.apply(an_order())
    who = ("-c", "user.name=Ben", "-c", "user.email=ben@example.com")
    squashed = repository.git(*who, "commit-tree", "main^{tree}", "-m", "Squashed")
    repository.git("update-ref", "refs/heads/main", squashed)

    report = gitops.apply(an_order())

    assert (report.revision, report.already) == (squashed, True)


def test_a_repository_that_goes_away_before_the_push_is_named(repository: GitRepository, tmp_path: Path) -> None:
    """The copy is kept: when the repository is back the same order goes through."""

    def away() -> datetime:
        repository.path.rename(tmp_path / "away.git")
        return NOON

    with pytest.raises(NotFound, match="there is no GitOps repository"):
        a_gitops(tmp_path, "work", now=away).apply(an_order())
    (tmp_path / "away.git").rename(repository.path)
    assert not a_gitops(tmp_path, "work").apply(an_order()).already


@pytest.mark.parametrize("damage", ["lock", "objects", "HEAD", "everything"])
def test_a_broken_copy_is_thrown_away(repository: GitRepository, tmp_path: Path, damage: str) -> None:
    """What a killed git leaves behind costs one more try at most."""
    gitops = a_gitops(tmp_path, "work")
    gitops.apply(an_order(number=1))
    (copy,) = (tmp_path / "work").glob("*.git")
    _break(copy, damage)
    repository.commit({"theirs.txt": "x"})

    try:
        gitops.apply(an_order(number=2))
    except Transient:
        gitops.apply(an_order(number=2))

    assert repository.file("qa/delivery/manifests.yaml") == an_order(number=2).manifests
    assert repository.file("theirs.txt") == b"x"


def _break(copy: Path, damage: str) -> None:
    if damage == "lock":
        (copy / "refs/heads/main.lock").touch()
        return
    for path in copy.rglob("*"):
        if path.is_file() and (damage == "everything" or f"/{damage}" in str(path.relative_to(copy.parent))):
            path.chmod(0o600)
            path.write_bytes(b"")


def test_a_rewritten_branch_is_followed(repository: GitRepository, tmp_path: Path) -> None:
    """After a forced push the copy shows what is there now, and the promotion is written again."""
    gitops = a_gitops(tmp_path, "work")
    first = gitops.apply(an_order()).revision
    repository.git("update-ref", "refs/heads/main", f"{first}^")

    assert gitops.running(an_order().place) is None
    assert "not in the branch" in gitops.observe(an_order().place, first).reason
    assert not gitops.apply(an_order()).already


def test_a_deleted_branch_is_made_again(repository: GitRepository, tmp_path: Path) -> None:
    """Nothing runs there, and the next deployment begins it."""
    gitops = a_gitops(tmp_path, "work")
    revision = gitops.apply(an_order()).revision
    repository.delete_branch("main")

    assert gitops.running(an_order().place) is None
    assert "does not exist" in gitops.observe(an_order().place, revision).reason
    gitops.apply(an_order())
    assert repository.git("rev-list", "--count", "main") == "1"
