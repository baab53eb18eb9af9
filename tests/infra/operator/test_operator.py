"""The small operator answers as one in a cluster does: for each change, by what the manifests say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest
import yaml

from infra.local.operator.operator import Operator
from infra.local.operator.verdict import Health, RolloutVerdict, judge
from shared.domain.policies.policy import GitOpsTarget
from shared.domain.values.person import SLIPWAY
from shared.ports.applier import DeployOrder
from shared.ports.errors import Transient
from shared.ports.rollout_watcher import RolloutState
from tests.support.git_repositories import GitRepository, a_repository
from tests.support.gitops import GitOps, place_at

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TARGET = GitOpsTarget(repository="environments.git", path="qa/delivery")
GOOD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: delivery}\nspec: {replicas: 2, template: {spec: {containers: [{name: main, image: x}]}}}\n"
BAD = GOOD.replace("image: x", "image: x, env: [{name: FAIL_ROLLOUT, value: 'true'}]")


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """An empty GitOps repository."""
    return a_repository(tmp_path / "environments.git")


@pytest.fixture
def operator(repository: GitRepository, tmp_path: Path) -> Operator:
    """The operator of that repository."""
    return Operator(repository.path, tmp_path / "operator", now=lambda: NOON)


@pytest.fixture
def gitops(tmp_path: Path) -> GitOps:
    """Slipway's side."""
    return GitOps(lambda name: tmp_path / name, tmp_path / "work", now=lambda: NOON)


def an_order(number: int, manifests: str = GOOD) -> DeployOrder:
    """A promotion of delivery to qa."""
    return DeployOrder(
        id=f"shop~delivery:{number}:deploy:1",
        turn=number,
        promotion=number,
        version=f"1.{number}.0",
        commit="c" * 40,
        images=("x",),
        manifests=manifests.encode(),
        place=place_at(TARGET),
        author=SLIPWAY,
        cause="test",
    )


@contextmanager
def running(operator: Operator) -> Iterator[None]:
    """Let the operator watch in a thread."""
    stop, wake = Event(), Event()
    thread = Thread(target=operator.run, args=(stop, wake), kwargs={"interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        wake.set()
        thread.join(60)
    assert not thread.is_alive()


def status_of(repository: GitRepository) -> dict[str, str]:
    """What status.yaml says."""
    found: dict[str, str] = yaml.safe_load(repository.file("qa/delivery/status.yaml") or b"{}")
    return found


def test_an_empty_repository_needs_no_answer(operator: Operator) -> None:
    """There is not even a branch."""
    assert operator.step() == 0


def test_a_promotion_is_answered_once(repository: GitRepository, operator: Operator, gitops: GitOps) -> None:
    """Slipway sees its own revision healthy; nothing new is no reason for a commit."""
    revision = gitops.apply(an_order(1)).revision

    assert operator.step() == 1
    assert operator.step() == 0
    rollout = gitops.observe(place_at(TARGET), revision)
    assert rollout.state == RolloutState.HEALTHY
    assert rollout.reason == "Deployment delivery: 2 of 2 replicas ready"
    assert repository.git("rev-list", "--count", "main") == "2"


def test_a_bad_version_is_degraded_and_the_next_one_healthy(operator: Operator, gitops: GitOps) -> None:
    """The message names the object; the rollback with the same manifests as before is answered again."""
    gitops.apply(an_order(1))
    operator.step()
    bad = gitops.apply(an_order(2, BAD)).revision
    operator.step()
    degraded = gitops.observe(place_at(TARGET), bad)
    back = gitops.apply(an_order(3)).revision
    operator.step()

    assert degraded.state == RolloutState.DEGRADED
    assert degraded.reason.startswith("Deployment delivery: 0 of 2 replicas ready: container main")
    assert gitops.observe(place_at(TARGET), back).state == RolloutState.HEALTHY


def test_a_change_by_hand_is_answered_too(repository: GitRepository, operator: Operator) -> None:
    """An operator does not care who wrote."""
    commit = repository.commit(
        {"qa/delivery/manifests.yaml": BAD, "qa/README.md": "x", "manifests.yaml": "", "a\nb/manifests.yaml": ""}
    )
    operator.step()

    assert status_of(repository)["revision"] == commit
    assert status_of(repository)["health"] == "Degraded"


def test_a_removal_is_answered(operator: Operator, gitops: GitOps) -> None:
    """Nothing left is healthy."""
    gitops.apply(an_order(1))
    revision = gitops.remove(an_order(2)).revision
    operator.step()

    assert gitops.observe(place_at(TARGET), revision).state == RolloutState.HEALTHY


def test_a_restarted_operator_answers_what_is_open(
    repository: GitRepository, operator: Operator, gitops: GitOps, tmp_path: Path
) -> None:
    """It keeps nothing but what is in the repository; a status deleted by hand is written again."""
    gitops.apply(an_order(1))
    operator.step()
    restarted = Operator(repository.path, tmp_path / "restarted", now=lambda: NOON)

    assert restarted.step() == 0
    repository.commit({"qa/delivery/status.yaml": None})
    assert restarted.step() == 1
    assert status_of(repository)["health"] == "Healthy"


def test_progressing_is_asked_again_until_it_settles(repository: GitRepository, gitops: GitOps, tmp_path: Path) -> None:
    """Each change of mind is a commit, the same answer is none."""
    answers = [RolloutVerdict(Health.PROGRESSING, "1 of 2")] * 2 + [RolloutVerdict(Health.HEALTHY, "2 of 2")]
    operator = Operator(repository.path, tmp_path / "slow", verdict=lambda _: answers.pop(0), now=lambda: NOON)
    gitops.apply(an_order(1))

    assert [operator.step() for _ in range(4)] == [1, 0, 1, 0]
    assert status_of(repository)["message"] == "2 of 2"


def test_somebody_who_pushes_first_is_built_upon(repository: GitRepository, gitops: GitOps, tmp_path: Path) -> None:
    """The answer is given again for what is there then."""
    revisions = [gitops.apply(an_order(1)).revision]

    def promotes_meanwhile(manifests: bytes | None) -> RolloutVerdict:
        if len(revisions) < 2:
            revisions.append(gitops.apply(an_order(2)).revision)
        return judge(manifests)

    Operator(repository.path, tmp_path / "operator", verdict=promotes_meanwhile, now=lambda: NOON).step()

    assert gitops.observe(place_at(TARGET), revisions[1]).state == RolloutState.HEALTHY


def test_who_loses_every_race_says_so(repository: GitRepository, tmp_path: Path) -> None:
    """The loop tries again later."""
    repository.commit({"qa/delivery/manifests.yaml": GOOD})

    def always_first(manifests: bytes | None) -> RolloutVerdict:
        repository.commit({"theirs.txt": str(repository.tip())})
        return judge(manifests)

    with pytest.raises(Transient, match="others pushed first"):
        Operator(repository.path, tmp_path / "operator", verdict=always_first, now=lambda: NOON).step()


def test_a_rewritten_branch_is_looked_at_whole(repository: GitRepository, operator: Operator) -> None:
    """What the operator saw before may be gone."""
    repository.commit({"qa/delivery/manifests.yaml": GOOD})
    operator.step()
    repository.delete_branch("main")
    repository.git("gc", "--quiet", "--prune=now")
    commit = repository.commit({"qa/delivery/manifests.yaml": BAD})
    operator.step()

    assert (status_of(repository)["revision"], status_of(repository)["health"]) == (commit, "Degraded")


def test_it_waits_for_a_repository_that_is_not_there_yet(
    gitops: GitOps, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault is logged, and does not end the loop."""
    operator = Operator(tmp_path / "environments.git", tmp_path / "operator", now=lambda: NOON)
    stop, wake = Event(), Event()
    thread = Thread(target=operator.run, args=(stop, wake))
    thread.start()
    try:
        wait_for(lambda: bool(caplog.records))
        repository = a_repository(tmp_path / "environments.git")
        gitops.apply(an_order(1))
        wake.set()
        wait_for(lambda: repository.file("qa/delivery/status.yaml") is not None)
    finally:
        stop.set()
        wake.set()
        thread.join(60)

    assert "there is no GitOps repository" in caplog.text
    assert status_of(repository)["health"] == "Healthy"


def wait_for(condition: Callable[[], bool]) -> None:
    """Look until it is so; a minute is for ever."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def test_while_it_runs_every_promotion_is_answered(
    repository: GitRepository, operator: Operator, gitops: GitOps
) -> None:
    """It notices pushes by itself and ends when it is asked to."""
    with running(operator):
        for number in (1, 2, 3):
            revision = gitops.apply(an_order(number)).revision
            # Bounded by looks, each of which takes milliseconds.
            seen = (gitops.observe(place_at(TARGET), revision).state for _ in range(2000))
            assert RolloutState.HEALTHY in seen


@pytest.mark.parametrize(
    ("manifests", "health", "message"),
    [
        ("", Health.HEALTHY, "0 objects"),
        ("---\n---\napiVersion: v1\nkind: Service\nmetadata: {name: delivery}\n", Health.HEALTHY, "1 objects"),
        (GOOD.replace("{name: delivery}", "{name: d, annotations: {demo.slipway.dev/fail: 'true'}}"), Health.DEGRADED, "Deployment d: 0 of 2"),
        (f"{GOOD}---\napiVersion: v1\nkind: X\nmetadata: {{name: x}}\nenum: ['!=', =]\nprefix: 0x_\n", Health.HEALTHY, "Deployment delivery: 2 of 2"),
        (GOOD.replace("{name: main, image: x}", "{name: main, image: x, image: y}"), Health.HEALTHY, "Deployment delivery: 2 of 2"),
        (f"{GOOD}...\nkind: [\n", Health.HEALTHY, "Deployment delivery: 2 of 2"),
        (f"{GOOD}--- kind: x\n", Health.DEGRADED, "goes on behind the dashes"),
        (GOOD.replace("image: x", "imagine: x"), Health.DEGRADED, "container main has no image"),
        ("a: [", Health.DEGRADED, "cannot be applied: rendered manifests, line 1"),
        ("just text", Health.DEGRADED, "is a text and not an object"),
        ("kind: Deployment\n", Health.DEGRADED, "document 1"),
        (GOOD.replace("[{name: main, image: x}]", "[1]"), Health.DEGRADED, "no mapping"),
    ],
)  # fmt: skip
def test_manifests_are_judged_by_what_they_say(manifests: str, health: Health, message: str) -> None:
    """Malformed ones are degraded, with the place; the message names the object."""
    verdict = judge(manifests.encode())

    assert verdict.health == health
    assert message in verdict.message
