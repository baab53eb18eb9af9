"""What the pages show, without a browser."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from itertools import pairwise
from urllib.parse import urlencode

import pytest

from shared.app.handling.handle_event import handle
from shared.app.operating.operate import add_hold
from shared.domain.messages.events import PolicyChanged
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import DELIVERY, Harness
from tests.support.doors import Doors
from tests.support.outside import SLIPWAY_YAML

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'`${x}"


def page(doors: Doors, path: str = "/", who: str | None = "max") -> str:
    """A page's text."""
    answer = doors.get(path, who)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer.body.decode()


def test_the_first_page_shows_what_is_live_and_what_it_waits_for(doors: Doors, slipway: Harness) -> None:
    """For each service and environment."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0", approve=False)

    found = page(doors)

    artifact = slipway.release("1.0.0").artifact
    assert artifact is not None
    for shown in (
        "delivery",
        "package",
        "1.0.0",
        "1.1.0",
        artifact.image.digest.short,
        "production waits for approval",
    ):
        assert shown in found
    assert "nothing yet" in found


@pytest.mark.parametrize(
    ("who", "buttons"),
    [
        ("ada", set()),
        ("rita", {"Approve", "Reject"}),
        ("olga", {"Redeploy", "Roll back"}),
        ("max", {"Approve", "Reject", "Redeploy", "Roll back"}),
    ],
)
def test_a_button_is_there_for_those_who_may(doors: Doors, slipway: Harness, who: str, buttons: set[str]) -> None:
    """Others read who can act."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0")
    slipway.release_to("1.2.0", approve=False)

    found = page(doors, who=who)

    assert set(re.findall(r'<button type="button" class="call[^>]*>([^<]+)<', found)) == buttons
    assert "release-manager@example.com" in found


def test_a_service_page_shows_releases_promotions_and_the_timeline(doors: Doors, slipway: Harness) -> None:
    """The failed one with its rollback and the hold on it."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    slipway.release_to("1.1.0")

    found = page(doors, "/services/delivery")

    for shown in (
        "RolledBack",
        "0 of 1 replicas are ready",
        "rollback",
        "Hold on artifact 1.1.0",
        "Lift",
        "rollout observed",
    ):
        assert shown in found


def test_the_first_page_names_the_three_artifacts_that_were_held_last(doors: Doors, slipway: Harness) -> None:
    """All of them are on the service's own page."""
    slipway.release_to("1.0.0")
    for version in ("1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"):
        slipway.outside.environments.health["delivery", "production", version] = RolloutState.DEGRADED
        slipway.release_to(version)
        slipway.tick(timedelta(hours=1))

    held = r'<span class="badge wait">held</span> ([^<]+)</div>'

    first = page(doors)
    assert re.findall(held, first) == ["1.5.0", "1.4.0", "1.3.0"]
    assert "<small>+2 more</small>" in first
    assert page(doors, "/services/delivery").count("Hold on artifact 1.") == 5


def test_a_faulty_configuration_is_shown_with_what_stays_in_force(doors: Doors, slipway: Harness) -> None:
    """File, line and key."""
    commit = slipway.push("refs/heads/main", {"slipway.yaml": f"{SLIPWAY_YAML}nonsense: true\n".encode()})
    slipway.pump()

    found = page(doors)

    assert f"at {commit[:12]} is faulty" in found
    assert "nonsense" in found
    assert "stays in force" in found


def test_who_held_and_lifted_what_has_a_page_of_its_own(doors: Doors) -> None:
    """The newest first; the first page leads there."""
    before = page(doors, "/holds")
    doors.post("/api/holds", {"scope": "everything", "reason": "incident"}, who="olga")
    doors.send("DELETE", "/api/holds/stop", {"reason": "mended"}, who="max")
    doors.post("/api/holds", {"scope": "environment:qa", "reason": "audit"}, who="olga")

    found = page(doors, "/holds", "ada")

    assert "People hold nothing now" in before
    assert 'Versions that were rolled back are held as well: they stand beside their <a href="/">services</a>' in before
    assert "Nobody has held anything yet" in before
    assert re.findall(r"hold (?:added|lifted)</b><span> by ([^<]+)<", found) == [
        *("Olga Operator", "Max Everything", "Olga Operator")
    ]
    assert "hold stop lifted: mended" in found
    assert "Hold on qa: " in found
    assert 'href="/holds"' in page(doors)


def test_whatever_people_write_is_shown_as_text(doors: Doors, slipway: Harness) -> None:
    """Branches, names, comments and reasons are other people's."""
    slipway.push(f"refs/heads/feature/delivery/{HOSTILE}".replace(" ", "-"), {"src/shipping/delivery/x": b"1"})
    slipway.outside.builder.slow[f"refs/heads/feature/delivery/{HOSTILE}".replace(" ", "-")] = 10**6
    for _ in range(50):
        slipway.deliver_one("events", "inspect-push")
    slipway.release_to("1.0.0", approve=False)
    doors.post(
        f"/api/services/delivery/approvals/{slipway.request()}", {"decision": "reject", "comment": HOSTILE}, who="rita"
    )
    add_hold(slipway.app, slipway.caller("x"), scope="everything", reason=HOSTILE, until=None)

    for path in ("/", "/holds", "/services/delivery", f"/services/{HOSTILE.replace('/', '%2f').replace(' ', '%20')}"):
        found = page(doors, path)

        assert len(re.findall(r"<script", found)) == 1
        assert "<img" not in found
        assert not re.search(r"<[^>]*\sonerror=", re.sub(r'"[^"]*"', '""', found))
    assert "alert(1)" in page(doors)


@pytest.mark.parametrize("path", ["/", "/holds", "/poison", "/services/delivery", "/services/nobody"])
def test_a_page_can_be_heard(doors: Doors, slipway: Harness, path: str) -> None:
    """One first heading, none that skips a level, a language, a name for what is filled in or told by colour."""
    slipway.release_to("1.0.0", approve=False)

    text = page(doors, path)

    levels = [int(one) for one in re.findall(r"<h([1-6])", text.partition("<dialog")[0])]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert '<html lang="en">' in text
    for control in re.findall(r"<(?:input|select|textarea)[^>]*>", re.sub(r"<label.*?</label>", "", text)):
        assert "aria-label" in control
    for mark in re.findall(r'<span id="pulse"[^>]*>|<dialog[^>]*>', text):
        assert "aria-label" in mark


@pytest.mark.parametrize("path", ["/", "/holds", "/poison", "/services/delivery", "/services/nobody"])
def test_a_page_runs_our_own_script_and_nothing_else(doors: Doors, path: str) -> None:
    """The policy has no inline script, no other origin and no frame; the page needs none."""
    answer = doors.get(path)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    text = answer.body.decode()
    assert re.findall(r"<script[^>]*>([^<]*)</script>", text) == [""]
    assert not re.search(r"\sstyle=|\son\w+=", re.sub(r'"[^"]*"', '""', text))


def test_the_pages_files_are_served_by_name_only(doors: Doors) -> None:
    """With an address that changes with the content, so that they may be kept."""
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page(doors)):
        answer = doors.get(address, who=None)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
    for other in ("html.py", "..%2fhtml.py", "..%2f..%2fconfig.py", "page"):
        assert doors.get(f"/static/{other}").status == 404


@pytest.mark.parametrize(
    ("path", "who", "status", "says"),
    [
        ("/", None, 401, "sign-in link"),
        ("/", "greta", 403, "Slipway.Read"),
        ("/services/nobody", "ada", 404, "no service"),
    ],
)
def test_a_page_that_is_not_there_says_why(doors: Doors, path: str, who: str | None, status: int, says: str) -> None:
    """And shows nothing else."""
    answer = doors.get(path, who)

    assert answer.status == status
    assert says in answer.body.decode()
    assert "delivery" not in answer.body.decode()


def test_many_releases_are_shown_page_by_page(doors: Doors, slipway: Harness) -> None:
    """The last to end first."""
    for patch in range(12):
        slipway.release_to(f"1.0.{patch}")

    first = page(doors, "/services/delivery")
    [older] = re.findall(r'href="(/services/delivery\?[^"]*after=[^"]*)"', first)
    second = page(doors, older.replace("&amp;", "&"))

    assert 'id="release-1.0.11"' in first
    assert 'id="release-1.0.1"' not in first
    assert 'id="release-1.0.1"' in second
    assert "Under way" not in second


def test_a_service_that_left_is_shown_with_its_history(doors: Doors, slipway: Harness) -> None:
    """It is no longer configured."""
    slipway.release_to("1.0.0")
    without = re.sub(r"  delivery:\n(    .*\n)+", "", SLIPWAY_YAML)
    slipway.push("refs/heads/main", {"slipway.yaml": without.encode()})
    slipway.pump()

    assert slipway.state(DELIVERY).policy is None
    assert "<small>shipping · no longer configured</small>" in page(doors)
    assert "1.0.0" in page(doors, "/services/delivery")


def test_services_are_chosen_by_how_their_name_begins(doors: Doors) -> None:
    """What was asked for stays in the form, as text; nothing that fits is said to be so."""
    found = page(doors, "/?name=pack")
    assert 'href="/services/package?repository=shipping"' in found
    assert 'href="/services/delivery' not in found
    assert 'value="pack"' in found
    assert 'data-watch="/api/mark?name=pack"' in found

    none = page(doors, f"/?{urlencode({'name': HOSTILE, 'earlier': HOSTILE, 'after': HOSTILE})}")
    assert "No service fits." in none
    assert HOSTILE not in none


def test_services_are_paged_with_a_way_back(doors: Doors, slipway: Harness) -> None:
    """The page says where it goes on, and its mark is of what it shows."""
    slipway.outside.source.create("zebra")
    policy = slipway.state().policy
    assert policy is not None
    for number in range(120):
        key = ServiceKey("zebra", f"s{number:03d}")
        handle(slipway.app, PolicyChanged(id=f"p{number}", service=key, policy=replace(policy, service=key)))

    def link(found: str, rel: str) -> str:
        match = re.search(rf'href="([^"]*)" rel="{rel}"', found)
        return html.unescape(match.group(1)) if match else ""

    def shown(found: str) -> list[str]:
        return re.findall(r'<tr id="(?:shipping|zebra)-([^"]+)"', found)

    first = page(doors)
    second = page(doors, link(first, "next"))
    third = page(doors, link(second, "next"))
    assert (link(first, "prev"), link(third, "next")) == ("", "")
    assert [*shown(first), *shown(second), *shown(third)] == ["delivery", "package", *(f"s{n:03d}" for n in range(120))]
    assert len(shown(first)) == len(shown(second)) == 50
    assert page(doors, link(third, "prev")) == second
    assert page(doors, link(second, "prev")) == first

    only = page(doors, "/?repository=zebra&name=s11")
    assert shown(only) == [f"s11{n}" for n in range(10)]
    assert "selected>zebra" in only
