"""When to look at a rollout, and whether what runs is what the manifests name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.rollouts.images import Ran, beside, ran
from shared.domain.rollouts.observed import Container, Look, PodState, Workload
from shared.domain.rollouts.verdicts import pause_after
from shared.domain.values.names import Digest
from tests.support.clock import NOON

ONE, TWO = Digest(f"sha256:{'1' * 64}"), Digest(f"sha256:{'2' * 64}")
NAMED = f"localhost:5000/shop/delivery:v1@{ONE}"


def test_three_looks_of_ten_seconds_follow_at_once_and_then_come_longer_pauses() -> None:
    """Then no function runs while the cluster works; the pauses follow from how long it has lasted."""
    at, pauses = NOON, []
    for _ in range(7):
        at += timedelta(seconds=10)
        pause = pause_after(NOON, at)
        pauses.append(int(pause.total_seconds()))
        at += pause

    assert pauses == [0, 0, 5, 15, 30, 30, 30]


def image(image_id: str, named: str = NAMED) -> Ran:
    """What a container runs."""
    return Ran(object="Deployment/delivery", container="app", image=named, image_id=image_id)


@pytest.mark.parametrize(
    ("image_id", "named", "differs"),
    [
        (f"localhost:5000/shop/delivery@{ONE}", NAMED, False),
        (f"docker-pullable://localhost:5000/shop/delivery@{ONE}", NAMED, False),
        (f"localhost:5000/shop/delivery@{TWO}", NAMED, True),
        (f"{ONE}", NAMED, False),
        ("", NAMED, True),
        (f"x@{TWO}", "busybox:1", False),
        (f"x@{TWO}", "", False),
    ],
)
def test_what_runs_differs_where_its_digest_does(image_id: str, named: str, *, differs: bool) -> None:
    """No digest is no proof; what pins none, or was named by nobody, is not compared."""
    assert image(image_id, named).differs is differs


def test_attack_put_the_wanted_digest_into_an_images_name() -> None:
    """Whatever stands before the last digest is a name."""
    assert image(f"evil.example/{ONE}@{TWO}").differs


def test_what_runs_instead_is_said_in_words() -> None:
    """With object and container."""
    assert image(f"x@{TWO}").sentence == f"Deployment/delivery, container app runs x@{TWO} and not {NAMED}"
    assert "no digest" in image("").sentence


def test_an_index_is_known_by_its_platforms_manifest() -> None:
    """Where the registry says that it is one of them."""
    assert image(f"x@{TWO}").is_one_of((ONE, TWO))
    assert not image(f"x@{TWO}").is_one_of((ONE,))


@pytest.mark.parametrize(
    ("named", "repository"),
    [(NAMED, "shop/delivery"), ("localhost:5000/delivery@x", "delivery"), ("busybox:1", None), ("other/a:1", None)],
)
def test_only_our_own_registry_is_asked(named: str, repository: str | None) -> None:
    """A chart may name any host, and none of them is asked for a chart's sake."""
    assert image("", named).repository_in("localhost:5000") == repository


def pod(*containers: Container, leaving: bool = False) -> PodState:
    """A pod of these containers."""
    return PodState(name="delivery-1", changed=NOON, containers=containers, leaving=leaving)


def test_each_image_of_the_current_pods_is_given_once() -> None:
    """Pods that leave run what they ran."""
    app = Container(name="app", image=NAMED, image_id="x@1")
    look = Look(
        at=NOON,
        workloads=(
            Workload(
                kind="Deployment",
                name="delivery",
                pods=(pod(app), pod(app), pod(Container(name="app", image=NAMED, image_id="old"), leaving=True)),
            ),
        ),
    )

    assert ran(look) == (image("x@1"),)


def test_what_somebody_added_is_listed_and_the_list_ends() -> None:
    """A sidecar that was injected runs beside."""
    added = [Ran(object="Job/a", container=f"c{number}", image="", image_id="") for number in range(20)]

    assert beside([image("x@1")]) == ()
    assert beside([image("proxy@1", "")]) == ("Deployment/delivery, container app: proxy@1",)
    assert len(beside(added)) == 10
    assert beside(added)[0] == "Job/a, container c0: no image yet"
