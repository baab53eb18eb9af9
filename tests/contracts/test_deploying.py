"""Every applier applies an order once and never over a later promotion; every watcher reports what the environment shows of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from shared.domain.policies.place import Place
from shared.domain.policies.policy import GitOpsTarget
from shared.domain.values.person import Person
from shared.ports.applier import Applier, DeployOrder, Fenced
from shared.ports.rollout_watcher import RolloutState, RolloutWatcher
from tests.support.git_repositories import GitRepository, a_repository
from tests.support.gitops import GitOps, place_at

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OTHER_IMAGE = "localhost:5000/sidecar:v9@sha256:" + "9" * 64


class Rig(Protocol):
    """An applier, a watcher, a place they act on, and the hands of those who act in that place beside it."""

    applier: Applier
    watcher: RolloutWatcher
    place: Place

    def other_place(self) -> Place:
        """A second place, of another service."""
        ...

    def settle(self, revision: str, *, healthy: bool, message: str = "") -> None:
        """Let the environment answer for a revision."""
        ...

    def change_by_hand(self) -> None:
        """Let a person change what is applied, so that it runs OTHER_IMAGE."""
        ...

    def manifests(self) -> bytes | None:
        """What is applied, as the environment holds it."""
        ...


class GitOpsRig:
    """A repository on disk, and an operator that answers when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.repository: GitRepository = a_repository(folder / "environments.git")
        self.place = self._of("delivery")
        gitops = GitOps(lambda name: folder / name, folder / "work", now=lambda: NOON)
        self.applier: Applier = gitops.applier
        self.watcher: RolloutWatcher = gitops.watcher

    def _of(self, service: str) -> Place:
        return place_at(GitOpsTarget(repository="environments.git", path=f"qa/{service}"), service)

    def other_place(self) -> Place:
        return self._of("package")

    def settle(self, revision: str, *, healthy: bool, message: str = "") -> None:
        health = "Healthy" if healthy else "Degraded"
        self.repository.commit(
            {"qa/delivery/status.yaml": f"revision: {revision}\nhealth: {health}\nmessage: {message}\n"}
        )

    def change_by_hand(self) -> None:
        self.repository.commit({"qa/delivery/manifests.yaml": manifests(OTHER_IMAGE)}, message="Try something")

    def manifests(self) -> bytes | None:
        return self.repository.file("qa/delivery/manifests.yaml")


@pytest.fixture(params=[GitOpsRig])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    """Each pair with an environment in which nothing was ever deployed."""
    made: Rig = request.param(tmp_path)
    return made


def manifests(image: str) -> bytes:
    """A deployment that runs the image."""
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: delivery}\n"
        f"spec:\n  template:\n    spec:\n      containers:\n        - {{name: main, image: '{image}'}}\n"
    ).encode()


def image_of(number: int) -> str:
    """The image of the n-th version."""
    return f"localhost:5000/delivery:v1.{number}.0@sha256:{str(number) * 64}"


def an_order(rig: Rig, number: int = 1, *, attempt: int = 1) -> DeployOrder:
    """The n-th promotion of delivery to qa."""
    return DeployOrder(
        id=f"shop~delivery:{number}:deploy:{attempt}",
        turn=number,
        promotion=number,
        version=f"1.{number}.0",
        commit="c" * 40,
        images=(image_of(number),),
        manifests=manifests(image_of(number)),
        place=rig.place,
        author=Person(id="ann", name="Ann Author", mails=("ann@example.com",)),
        cause="asked for by Ann",
    )


def test_what_was_ordered_is_applied(rig: Rig) -> None:
    """Byte for byte, also as the very first thing in an empty environment."""
    order = an_order(rig)
    report = rig.applier.apply(order)

    running = rig.applier.running(rig.place)

    assert not report.already
    assert rig.manifests() == order.manifests
    assert running is not None
    assert (running.revision, running.turn, running.foreign) == (report.revision, 1, False)
    assert running.images == (image_of(1),)


def test_nothing_runs_where_nothing_was_deployed(rig: Rig) -> None:
    """Neither in an empty environment nor beside another service."""
    assert rig.applier.running(rig.place) is None
    rig.applier.apply(an_order(rig))

    assert rig.applier.running(rig.other_place()) is None


def test_the_same_order_twice_is_applied_once(rig: Rig) -> None:
    """Its report is repeated with the revision of the first time, also when a later promotion has followed."""
    first = rig.applier.apply(an_order(rig, 1))
    again = rig.applier.apply(an_order(rig, 1))
    later = rig.applier.apply(an_order(rig, 2))
    much_later = rig.applier.apply(an_order(rig, 1))

    assert (again.revision, again.already) == (first.revision, True)
    assert (much_later.revision, much_later.already) == (first.revision, True)
    running = rig.applier.running(rig.place)
    assert running is not None
    assert running.revision == later.revision


def test_an_earlier_promotion_never_overwrites_a_later_one(rig: Rig) -> None:
    """Neither deploys nor removes; the message names both. What is later is told by the turn, not by the promotion."""
    rig.applier.apply(an_order(rig, 2))

    with pytest.raises(Fenced, match=r"delivery:2:deploy:1.* promotion 1 "):
        rig.applier.apply(an_order(rig, 1))
    with pytest.raises(Fenced):
        rig.applier.remove(an_order(rig, 1, attempt=2))
    assert rig.manifests() == an_order(rig, 2).manifests


def test_a_new_attempt_of_the_same_promotion_is_applied(rig: Rig) -> None:
    """Equal manifests get a revision of their own: what is seen of the first attempt does not count for the second."""
    first = rig.applier.apply(an_order(rig, 1))
    rig.settle(first.revision, healthy=False, message="out of memory")
    second = rig.applier.apply(an_order(rig, 1, attempt=2))

    assert second.revision != first.revision
    assert not second.already
    assert rig.watcher.observe(rig.place, second.revision).state == RolloutState.PROGRESSING
    assert rig.watcher.observe(rig.place, first.revision).state == RolloutState.REPLACED


def test_equal_manifests_of_another_promotion_are_a_revision_of_their_own(rig: Rig) -> None:
    """A redeploy of what is live is seen by the environment."""
    first = rig.applier.apply(an_order(rig, 1))
    second = rig.applier.apply(replace(an_order(rig, 2), manifests=an_order(rig, 1).manifests))

    assert second.revision != first.revision


def test_a_rollout_is_what_the_environment_says_of_our_revision(rig: Rig) -> None:
    """Progressing until it answers; then healthy or degraded, with its own words."""
    first = rig.applier.apply(an_order(rig, 1))
    assert rig.watcher.observe(rig.place, first.revision).state == RolloutState.PROGRESSING
    rig.settle(first.revision, healthy=True)
    assert rig.watcher.observe(rig.place, first.revision).state == RolloutState.HEALTHY

    second = rig.applier.apply(an_order(rig, 2))
    assert rig.watcher.observe(rig.place, second.revision).state == RolloutState.PROGRESSING
    rig.settle(second.revision, healthy=False, message="0 of 1 replicas ready")
    rollout = rig.watcher.observe(rig.place, second.revision)

    assert rollout.state == RolloutState.DEGRADED
    assert "0 of 1 replicas ready" in rollout.reason


def test_a_revision_that_another_promotion_replaced_is_told_so(rig: Rig) -> None:
    """However well it did before."""
    first = rig.applier.apply(an_order(rig, 1))
    rig.settle(first.revision, healthy=True)
    rig.applier.apply(an_order(rig, 2))

    rollout = rig.watcher.observe(rig.place, first.revision)

    assert rollout.state == RolloutState.REPLACED
    assert "promotion 2" in rollout.reason


def test_a_change_by_hand_is_foreign_until_the_next_promotion(rig: Rig) -> None:
    """What runs is read from what is applied, not from what was ordered."""
    rig.applier.apply(an_order(rig, 1))
    rig.change_by_hand()
    by_hand = rig.applier.running(rig.place)
    rig.applier.apply(an_order(rig, 2))
    promoted = rig.applier.running(rig.place)

    assert by_hand is not None
    assert (by_hand.foreign, by_hand.turn, by_hand.images) == (True, None, (OTHER_IMAGE,))
    assert promoted is not None
    assert (promoted.foreign, promoted.turn, promoted.images) == (False, 2, (image_of(2),))


def test_what_a_person_put_there_before_is_foreign(rig: Rig) -> None:
    """Slipway takes over by its first promotion only."""
    rig.change_by_hand()

    running = rig.applier.running(rig.place)

    assert running is not None
    assert running.foreign


def test_a_removed_service_does_not_run_and_its_fence_stays(rig: Rig) -> None:
    """Removing twice is harmless, an earlier promotion stays out, a later one comes in."""
    rig.applier.apply(an_order(rig, 2))
    removal = replace(an_order(rig, 3), manifests=b"")
    removed = rig.applier.remove(removal)

    assert rig.applier.running(rig.place) is None
    assert rig.applier.remove(removal).revision == removed.revision
    with pytest.raises(Fenced):
        rig.applier.apply(an_order(rig, 1))
    assert not rig.applier.apply(an_order(rig, 4)).already


def test_services_do_not_touch_each_other(rig: Rig) -> None:
    """Another service's later promotion neither fences nor replaces this one's."""
    ours = rig.applier.apply(an_order(rig, 1))
    rig.settle(ours.revision, healthy=True)
    rig.applier.apply(replace(an_order(rig, 7), place=rig.other_place()))

    assert rig.watcher.observe(rig.place, ours.revision).state == RolloutState.HEALTHY
    assert not rig.applier.apply(an_order(rig, 2)).already
