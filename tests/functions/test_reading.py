"""What the API tells."""

from __future__ import annotations

from typing import Any

import pytest

from shared.app.operating.operate import add_hold
from shared.codec.repository import SHOWN
from shared.ports.store import StoreFull, StoreUnavailable
from tests.contracts.memory.store import MemoryStore
from tests.support.app_parts import PACKAGE, Harness
from tests.support.doors import Doors, serving
from tests.support.host import Running
from tests.support.outside import ADA, MAIN, SLIPWAY_YAML

DELIVERY = "/api/services/delivery"


def test_services_read_with_what_is_live_and_what_is_on_its_way(doors: Doors, slipway: Harness) -> None:
    """Every service of every repository, in order."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0", approve=False)

    found = doors.get("/api/services").json()

    assert [one["service"] for one in found["services"]] == ["delivery", "package"]
    assert found["next"] is None
    qa, production = found["services"][0]["environments"]
    assert (qa["environment"], qa["live"]["version"], qa["on_the_way"]) == ("qa", "1.1.0", [])
    assert (production["after"], production["live"]["version"]) == (["qa"], "1.0.0")
    [way] = production["on_the_way"]
    assert (way["version"], way["promotion"]["phase"]) == ("1.1.0", "Waiting")
    assert way["promotion"]["blockers"][0]["code"] == "ApprovalNeeded"


def test_services_are_paged(doors: Doors) -> None:
    """`next` is what to ask for."""
    first = doors.get("/api/services?most=1").json()

    second = doors.get(f"/api/services?most=1&after={first['next']}").json()

    assert [one["service"] for one in first["services"]] == ["delivery"]
    assert [one["service"] for one in second["services"]] == ["package"]
    assert second["next"] is None


def test_a_release_reads_as_it_is_promised(doors: Doors, slipway: Harness) -> None:
    """These names are a contract."""
    commit = slipway.push_release("1.0.0")
    slipway.pump()

    found = doors.get(f"{DELIVERY}/releases/1.0.0").json()

    wanted = ("service", "version", "phase", "reason", "commit")
    assert [found[name] for name in wanted] == ["delivery", "1.0.0", "Packaged", "", commit]
    assert found["artifact"]["image"] == "localhost:5000/delivery:v1.0.0"
    assert found["artifact"]["chart"] == "localhost:5000/charts/delivery:1.0.0"
    assert found["artifact"]["image_digest"].startswith("sha256:")
    assert found["artifact"]["chart_digest"].startswith("sha256:")
    qa, production = found["promotions"]
    names = ("environment", "number", "kind", "phase", "reason", "since")
    assert [qa[name] for name in names[:4]] == ["qa", 1, "forward", "Succeeded"]
    assert [production[name] for name in names[:4]] == ["production", 2, "forward", "Waiting"]
    assert production["reason"] == "production waits for approval: 0 of 1 given"
    assert production["since"].endswith("Z")
    assert found["blockers"] == production["blockers"]
    assert found["build"]["tests"] == {"passed": 3, "failed": 0, "skipped": 0}
    assert found["build"]["scan"] == {"worst": "low", "reason": "", "by_change": False}


def test_a_release_is_found_by_its_tag_too(doors: Doors, slipway: Harness) -> None:
    """People write v1.0.0."""
    slipway.release_to("1.0.0")

    assert doors.get(f"{DELIVERY}/releases/v1.0.0").json()["phase"] == "Released"


def test_why_says_the_gate_since_when_and_who_can_act(doors: Doors, slipway: Harness) -> None:
    """In the order of the release's promotions."""
    slipway.release_to("1.0.0", approve=False)

    found = doors.get(f"{DELIVERY}/releases/1.0.0/why").json()

    [one] = found["blockers"]
    assert (found["phase"], one["environment"], one["gate"], one["code"]) == (
        "Packaged",
        "production",
        "approval",
        "ApprovalNeeded",
    )
    assert one["who"] == ["1 of release-manager@example.com, group release-managers, not the author"]
    assert one["waiting"] is True


def test_releases_are_paged_the_open_ones_first_and_then_the_last_to_end(doors: Doors, slipway: Harness) -> None:
    """A page costs what it returns."""
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        slipway.release_to(version)
    slipway.release_to("1.3.0", approve=False)

    first = doors.get(f"{DELIVERY}/releases?most=2").json()
    second = doors.get(f"{DELIVERY}/releases?most=2&after={first['next']}").json()

    assert [one["version"] for one in first["releases"]] == ["1.3.0", "1.2.0", "1.1.0"]
    assert [one["version"] for one in second["releases"]] == ["1.0.0"]
    assert second["next"] is None


def test_the_ledger_is_read_from_anywhere_and_checked(doors: Doors, slipway: Harness) -> None:
    """Each entry says who, what and why, and stands in a chain."""
    slipway.release_to("1.0.0")
    length = len(slipway.timeline())

    page = doors.get(f"{DELIVERY}/ledger?after=1&most=2").json()
    checked = doors.get(f"{DELIVERY}/ledger/verify").json()

    assert [one["sequence"] for one in page["entries"]] == [2, 3]
    assert page["next"] == 3
    assert page["entries"][1]["previous"] == page["entries"][0]["hash"]
    assert set(page["entries"][0]) == {
        *("sequence", "at", "type", "outcome", "person", "reason", "notes", "effects", "correlation"),
        *("ref", "commit", "estate", "hash", "previous"),
    }
    whole = doors.get(f"{DELIVERY}/ledger?most=500").json()
    assert (len(whole["entries"]), whole["next"]) == (length, None)
    head = whole["entries"][-1]["hash"]
    unanchored = {"anchored": 0, "anchors_compared": 0}
    assert checked == {"entries": length, "head": head, "intact": True, "fault": "", **unanchored}
    answers = [one["person"]["name"] for one in whole["entries"] if one["type"] == "approval-answered"]
    assert answers == ["Rita Manager"]


def test_what_a_commit_shows_is_read_by_its_id(doors: Doors, slipway: Harness) -> None:
    """In whichever repository it is."""
    commit = slipway.push_release("1.0.0")
    slipway.pump()

    found = doors.get(f"/api/statuses/{commit}").json()

    assert found["commit"] == commit
    assert {one["repository"] for one in found["statuses"]} == {"shipping"}
    assert "v1.0.0 is packaged" in " ".join(one["description"] for one in found["statuses"])
    assert doors.get("/api/statuses/main").status == 404


def test_holds_are_listed_where_they_hold(doors: Doors, slipway: Harness) -> None:
    """All of them together, and each with the services it covers."""
    add_hold(slipway.app, slipway.caller("x"), scope="service:shipping/package", reason="audit", until=None)

    [hold] = doors.get("/api/holds").json()["holds"]

    assert (hold["scope"], hold["reason"], hold["person"]["name"]) == (
        "service:shipping/package",
        "audit",
        "Rita Manager",
    )
    assert doors.get("/api/services/package").json()["holds"] == [hold]
    assert doors.get(DELIVERY).json()["holds"] == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/services/nobody", "unknown-service"),
        ("/api/services/No%20Name", "unknown-service"),
        ("/api/services/..%2f..%2fetc", "unknown-service"),
        ("/api/services/delivery?repository=elsewhere", "unknown-service"),
        ("/api/services/delivery?repository=..", "unknown-service"),
        ("/api/services/nobody/releases", "unknown-service"),
        ("/api/services/nobody/ledger", "unknown-service"),
        ("/api/services/delivery/releases/9.9.9", "unknown-release"),
        ("/api/services/delivery/releases/latest", "unknown-release"),
        ("/api/services/delivery/releases/9.9.9/why", "unknown-release"),
    ],
)
def test_what_is_not_there_is_404_with_a_code(doors: Doors, path: str, code: str) -> None:
    """In words, too."""
    answer = doors.get(path)

    assert (answer.status, answer.json()["code"]) == (404, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("releases?most=101", "most"),
        ("releases?after=1.0.0", "after"),
        ("ledger?after=-1", "after"),
        ("ledger?most=x", "most"),
    ],
)
def test_a_wrong_place_or_number_is_400_with_its_name(doors: Doors, query: str, field: str) -> None:
    """A list has an end."""
    answer = doors.get(f"{DELIVERY}/{query}")

    assert (answer.status, answer.json()["field"]) == (400, field)


def test_a_service_of_two_repositories_is_named_with_its_repository(doors: Doors, slipway: Harness) -> None:
    """Nobody guesses which one was meant."""
    source = slipway.outside.source
    main = source.tips("shipping")[MAIN]
    source.create("parcels")
    files = {path: source.file("shipping", main, path) for path in source.files("shipping", main)}
    source.commit("parcels", MAIN, files, by=ADA)
    slipway.tick()

    answer = doors.get(DELIVERY)

    assert (answer.status, answer.json()["code"]) == (409, "ambiguous-service")
    assert "parcels and shipping" in answer.json()["detail"]
    assert doors.get(f"{DELIVERY}?repository=parcels").json()["repository"] == "parcels"


def test_health_is_open_to_all_and_shows_the_configuration(doors: Doors, slipway: Harness) -> None:
    """A faulty slipway.yaml degrades it and stops nothing."""
    before = doors.get("/api/health")
    slipway.push("refs/heads/main", {"slipway.yaml": f"{SLIPWAY_YAML}nonsense: true\n".encode()})
    slipway.pump()

    after = doors.get("/api/health")

    assert (before.status, before.json()["status"], before.json()["store"]) == (200, "ok", "ok")
    assert (after.status, after.json()["status"]) == (200, "degraded")
    [repository] = after.json()["repositories"]
    assert repository["name"] == "shipping"
    assert repository["configuration"]["commit"] == before.json()["repositories"][0]["configuration"]["commit"]
    assert "nonsense" in repository["configuration"]["faults"][0]


def test_health_says_that_a_configuration_cannot_be_read(doors: Doors, slipway: Harness) -> None:
    """One that a newer Slipway wrote degrades it; nothing is guessed."""
    slipway.app.rows.overwrite(SHOWN, "shipping", b'{"schema":99}')

    found = doors.get("/api/health").json()

    assert found["status"] == "degraded"
    assert "upgrade this worker" in found["repositories"][0]["configuration"]["faults"][0]


class DeadStore(MemoryStore):
    """A store that does not answer."""

    def read(self, service: str, *, exact: bool = True) -> Any:
        """See Store."""
        raise StoreUnavailable("the disk at /var/lib/slipway is gone")


def test_health_is_503_without_a_store_and_reading_too(slipway: Harness, host: Running) -> None:
    """Nothing is said of the disk."""
    with serving(slipway.wrap(store=DeadStore(slipway.outside.clock)), host) as doors:
        health, services, page = (doors.get(path) for path in ("/api/health", "/api/holds", "/"))

    assert (health.status, health.json()["status"], health.headers["Retry-After"]) == (503, "down", "5")
    assert (services.status, services.json()["code"]) == (503, "store-unavailable")
    assert (page.status, page.headers["Retry-After"]) == (503, "5")
    assert b"disk" not in health.body + services.body + page.body


class FullStore(MemoryStore):
    """A store that can be read, but has no room."""

    def check(self) -> None:
        """See Store."""
        raise StoreFull("the disk at /var/lib/slipway is full")


def test_health_is_503_where_nothing_can_be_kept_while_reading_goes_on(slipway: Harness, host: Running) -> None:
    """It says what to do, and not where."""
    with serving(slipway.wrap(store=FullStore(slipway.outside.clock)), host) as doors:
        health, holds = doors.get("/api/health"), doors.get("/api/holds")

    assert (health.status, health.json()["store"], holds.status) == (503, "full", 200)
    assert "make room" in health.json()["detail"]
    assert b"/var" not in health.body


def test_the_mark_changes_with_what_a_page_shows_and_with_nothing_else(doors: Doors, slipway: Harness) -> None:
    """A page that is open asks for it again and again."""
    marks = [doors.get(path).json()["mark"] for path in ("/api/mark", "/api/mark?service=package")]
    assert marks == [doors.get(path).json()["mark"] for path in ("/api/mark", "/api/mark?service=package")]

    slipway.release_to("1.0.0")

    assert doors.get("/api/mark").json()["mark"] != marks[0]
    assert doors.get("/api/mark?service=package").json()["mark"] == marks[1]
    slipway.release_to("1.0.0", PACKAGE)
    assert doors.get("/api/mark?service=package").json()["mark"] != marks[1]
