"""The doors for machines: they check who, how much and what, queue all of it, and decide nothing."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from shared.ports.store import OutboxRow, StoreUnavailable
from tests.support.app_parts import DELIVERY, Harness
from tests.support.doors import HOOK_SECRET, PEOPLE, REGISTRY_SECRET, Doors, open_doors, serving
from tests.support.host import Running
from tests.support.payloads import changed, payload

GIT, REGISTRY = "/api/hooks/git", "/api/hooks/registry"
SECRET = {"X-Slipway-Secret": HOOK_SECRET}
DOORS = [
    pytest.param(GIT, payload("git-hook"), HOOK_SECRET, id="git"),
    pytest.param(REGISTRY, payload("cncf-distribution"), REGISTRY_SECRET, id="registry"),
]


@pytest.mark.parametrize("slipway", ["memory", "sqlite"], indirect=True)
def test_a_push_is_queued_one_event_for_each_ref_and_answered_202(doors: Doors, slipway: Harness) -> None:
    """The worker takes it from there."""
    answer = doors.hook(GIT, payload("git-hook"), SECRET)

    assert (answer.status, answer.json()) == (202, {"accepted": 2})
    assert slipway.waiting("events") == 2


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("cncf-distribution", 2),
        ("acr-hook-push", 1),
        ("acr-hook-delete", 1),
        ("acr-hook-chart-push", 0),
        ("acr-hook-ping", 0),
        ("docker-hub", 1),
    ],
)
def test_what_a_registry_says_is_queued_and_the_rest_of_it_passed_over(
    doors: Doors, slipway: Harness, name: str, count: int
) -> None:
    """Of five events of CNCF distribution a pushed tag and a deletion count."""
    answer = doors.hook(REGISTRY, payload(name), {"X-Slipway-Secret": REGISTRY_SECRET})

    assert (answer.status, answer.json()) == (202, {"accepted": count})
    assert slipway.waiting("events") == count


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("docker-hub", REGISTRY_SECRET, 202),
        ("docker-hub", REGISTRY_SECRET + "x", 401),
        ("docker-hub", "", 401),
        ("acr-hook-push", REGISTRY_SECRET, 401),
        ("cncf-distribution", REGISTRY_SECRET, 401),
    ],
)
def test_docker_hub_alone_may_show_the_secret_in_its_address(
    doors: Doors, slipway: Harness, caplog: pytest.LogCaptureFixture, name: str, code: str, status: int
) -> None:
    """It can send no header. The address is in no log."""
    with caplog.at_level(logging.DEBUG):
        answer = doors.hook(f"{REGISTRY}?code={code}", payload(name), {})

    assert answer.status == status
    assert slipway.waiting("events") == (1 if status == 202 else 0)
    assert status == 202 or answer.json()["code"] == "wrong-secret"
    assert REGISTRY_SECRET not in caplog.text


def test_what_is_passed_over_is_named_in_the_log(doors: Doors, caplog: pytest.LogCaptureFixture) -> None:
    """A ping among it."""
    with caplog.at_level(logging.INFO):
        doors.hook(REGISTRY, payload("acr-hook-ping"), {"X-Slipway-Secret": REGISTRY_SECRET})

    assert "the action ping changes nothing that is released" in caplog.text


@pytest.mark.parametrize("slipway", ["memory", "sqlite"], indirect=True)
def test_what_a_hook_reports_leads_to_a_release(doors: Doors, slipway: Harness) -> None:
    """From the door to production's question."""
    branch = "refs/heads/release/delivery/v1.0.0"
    commit = slipway.outside.commit(branch, {"src/shipping/delivery/version": b"1.0.0"})

    doors.hook(GIT, changed("git-hook", "refs", 0, "after", to=commit), SECRET)
    slipway.pump()

    assert slipway.live("qa") == "1.0.0"
    assert slipway.promotion("1.0.0", "production").reason == "production waits for approval: 0 of 1 given"


@pytest.mark.parametrize("slipway", ["memory", "sqlite"], indirect=True)
def test_a_hook_delivered_twice_leads_to_one_release(doors: Doors, slipway: Harness) -> None:
    """The tip is known by then."""
    slipway.outside.commit("refs/heads/release/delivery/v1.0.0", {"src/shipping/delivery/version": b"1.0.0"})
    doors.hook(GIT, payload("git-hook"), SECRET)
    slipway.pump()
    before = slipway.timeline()

    doors.hook(GIT, payload("git-hook"), SECRET)
    slipway.pump()

    assert slipway.timeline() == before


@pytest.mark.parametrize(("path", "body", "secret"), DOORS)
def test_a_wrong_secret_is_401_and_nothing_is_queued(
    doors: Doors, slipway: Harness, path: str, body: bytes, secret: str
) -> None:
    """Whatever is said to be."""
    for headers in ({}, {"X-Slipway-Secret": "wrong"}, {"X-Slipway-Secret": secret + "x"}):
        answer = doors.hook(path, body, headers)

        assert answer.status == 401
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "wrong-secret"
    assert slipway.waiting("events") == 0


def test_the_key_of_a_person_opens_no_hook(doors: Doors, slipway: Harness) -> None:
    """Nor does the secret of the other hook."""
    bearer = {"Authorization": f"Bearer {PEOPLE['max'].key}"}

    assert doors.hook(GIT, payload("git-hook"), bearer).status == 401
    assert doors.hook(REGISTRY, payload("cncf-distribution"), SECRET).status == 401
    assert slipway.waiting("events") == 0


@pytest.mark.parametrize(("path", "body", "secret"), DOORS)
def test_a_huge_body_is_413(doors: Doors, slipway: Harness, path: str, body: bytes, secret: str) -> None:
    """Even one that would be in order."""
    answer = doors.hook(path, body[:-2] + b" " * (1024 * 1024) + b"}", {"X-Slipway-Secret": secret})

    assert (answer.status, answer.json()["field"]) == (413, "body")
    assert slipway.waiting("events") == 0


def test_a_wrong_secret_is_refused_before_the_body_is_looked_at(doors: Doors) -> None:
    """Strangers learn nothing about limits and shapes."""
    assert doors.hook(GIT, b"x" * (2 * 1024 * 1024), {}).status == 401


@pytest.mark.parametrize(("path", "body", "secret"), DOORS)
def test_attack_a_packed_body(doors: Doors, slipway: Harness, path: str, body: bytes, secret: str) -> None:
    """Attack: send little that unpacks to much. Defence: nothing is unpacked, and the sender is told by the header."""
    answer = doors.hook(path, gzip.compress(body), {"X-Slipway-Secret": secret, "Content-Encoding": "gzip"})

    assert (answer.status, answer.json()["field"]) == (400, "Content-Encoding")
    assert slipway.waiting("events") == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"\xff", "body"),
        (b'{"id": NaN}', "body"),
        (b'{"id": "1", "id": "2"}', "body"),
        (b'{"a":' * 5000, "body"),
        (changed("git-hook", "repository", to="../etc"), "repository"),
        (changed("git-hook", "refs", 1, "ref", to="main"), "refs[1].ref"),
    ],
)
def test_a_bad_body_is_400_with_its_field_and_none_of_it_is_queued(
    doors: Doors, slipway: Harness, body: bytes, field: str
) -> None:
    """Not even the ref that was in order."""
    before = slipway.timeline()

    answer = doors.hook(GIT, body, SECRET)

    assert (answer.status, answer.json()["field"], answer.json()["code"]) == (400, field, "invalid")
    assert slipway.waiting("events") == 0
    assert slipway.timeline() == before


def test_a_push_to_a_repository_that_nobody_knows_is_accepted(doors: Doors) -> None:
    """Azure DevOps turns a hook off that is told no."""
    assert doors.hook(GIT, changed("git-hook", "repository", to="elsewhere"), SECRET).status == 202


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_hook_takes_posts_only(doors: Doors, method: str) -> None:
    """A link that somebody follows does nothing."""
    assert doors.host.call(method, GIT, headers=SECRET).status == 405


class FullQueues:
    """Queues that cannot keep anything."""

    def send(self, queue: str, body: str, *, delay: timedelta = timedelta(0)) -> None:
        """See Queues."""
        raise StoreUnavailable("the disk at /var/lib/slipway is full")

    def send_outbox(self, service: str, rows: Sequence[OutboxRow]) -> None:
        """See Queues."""
        raise StoreUnavailable("the disk at /var/lib/slipway is full")


@pytest.mark.parametrize(("path", "body", "secret"), DOORS)
def test_what_cannot_be_queued_is_503_with_when_to_try_again(
    slipway: Harness, host: Running, path: str, body: bytes, secret: str
) -> None:
    """An event is acknowledged only when it is kept; the sender learns nothing of the disk."""
    with serving(slipway.wrap(queues=FullQueues()), host) as doors:
        answer = doors.hook(path, body, {"X-Slipway-Secret": secret})

    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert b"disk" not in answer.body


def test_a_fault_of_ours_is_503_and_leaks_nothing(slipway: Harness, host: Running) -> None:
    """Whatever was raised."""

    def broken() -> object:
        raise RuntimeError("secret-of-the-hook in a trace")

    with serving(slipway.wrap(now=broken), host) as doors:
        answer = doors.hook(GIT, payload("git-hook"), SECRET)

    assert (answer.status, answer.json()["code"]) == (503, "fault")
    assert b"secret" not in answer.body
    assert b"Trace" not in answer.body


def test_without_a_secret_in_the_settings_no_hook_opens(slipway: Harness, tmp_path: Path) -> None:
    """An empty secret matches nothing, an empty one included."""
    with open_doors(slipway, tmp_path, settings={"SLIPWAY_HOOK_SECRET": ""}) as doors:
        answers = [doors.hook(GIT, payload("git-hook"), headers) for headers in ({}, {"X-Slipway-Secret": ""})]

    assert [answer.status for answer in answers] == [401, 401]


@pytest.mark.parametrize(("path", "body", "secret"), DOORS)
def test_a_secret_is_changed_without_refusing_anybody(
    slipway: Harness, tmp_path: Path, path: str, body: bytes, secret: str
) -> None:
    """Both are set while senders are told the new one; then the old one is taken out."""
    name = "SLIPWAY_HOOK_SECRET" if path == GIT else "SLIPWAY_REGISTRY_HOOK_SECRET"
    statuses = []
    for step, value in enumerate((secret, f"new-one, {secret}", "new-one")):
        folder = tmp_path / str(step)
        folder.mkdir()
        with open_doors(slipway, folder, settings={name: value}) as doors:
            statuses.append([doors.hook(path, body, {"X-Slipway-Secret": one}).status for one in (secret, "new-one")])

    assert statuses == [[202, 401], [202, 202], [401, 202]]


def test_a_tag_that_the_registry_reports_reaches_its_service(doors: Doors, slipway: Harness) -> None:
    """The chart of a release that is not packaged yet is kept for its time, or noted."""
    slipway.push_release("1.0.2")
    before = len(slipway.timeline(DELIVERY))

    doors.hook(REGISTRY, payload("cncf-distribution"), {"X-Slipway-Secret": REGISTRY_SECRET})
    slipway.pump()

    assert "artifact-announced" in [one.event_type for one in slipway.timeline(DELIVERY)[before:]]
