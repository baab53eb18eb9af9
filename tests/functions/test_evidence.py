"""What a failed rollout showed, on the page and over HTTP."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.app.operating.finding import NotKnown
from shared.app.people.authorize import Viewer
from shared.app.views.read_overview import read_service_page
from shared.app.views.read_status import evidence
from shared.ports.rollout_watcher import RolloutState
from tests.contracts.memory.rows import MemoryEvidence
from tests.support.app_parts import DELIVERY, Harness
from tests.support.doors import Doors
from tests.support.outside import RITA

READER = Viewer(person=RITA, memberships=(), operates=False)
QA = ("delivery", "qa", "1.0.0")
RELEASE = "/api/services/delivery/releases/1.0.0"
SHOWN = b"Deployment/delivery: CrashLoopBackOff\n  <script>alert(1)</script>\n"


@pytest.fixture
def failed(slipway: Harness) -> Harness:
    """A release whose rollout failed in QA."""
    slipway.outside.environments.health[QA] = RolloutState.DEGRADED
    slipway.outside.environments.shows[QA] = {"evidence": lambda: SHOWN}
    slipway.push_release("1.0.0")
    slipway.pump()
    return slipway


def test_a_failed_promotion_leads_to_what_it_showed(doors: Doors, failed: Harness) -> None:
    """On the page, and in the API; attack: a log that holds markup is text to whoever opens it."""
    [promotion] = [one for one in doors.get(RELEASE).json()["promotions"] if one["environment"] == "qa"]
    page = doors.get("/services/delivery").body.decode()
    answer = doors.get(promotion["evidence"])

    assert promotion["evidence"] == f"{RELEASE}/promotions/{promotion['number']}/evidence?repository=shipping"
    assert f'href="{promotion["evidence"]}"' in page
    assert "CrashLoopBackOff\n  &lt;script&gt;alert(1)&lt;/script&gt;\n</pre>" in page
    assert answer.body == SHOWN
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("promotions/99/evidence", "unknown-promotion"),
        ("promotions/x/evidence", "unknown-promotion"),
        ("promotions/2/evidence", "unknown-evidence"),
    ],
)
def test_what_is_not_kept_is_not_found(doors: Doors, failed: Harness, path: str, code: str) -> None:
    """Production never began, so that nothing is kept of it."""
    answer = doors.get(f"{RELEASE}/{path}")

    assert (answer.status, answer.json()["code"]) == (404, code)


def test_a_success_has_nothing_to_show(doors: Doors, slipway: Harness) -> None:
    """And no link to it."""
    slipway.release_to("1.0.0")

    assert {one["evidence"] for one in doors.get(RELEASE).json()["promotions"]} == {""}
    assert "what it showed" not in doors.get("/services/delivery").body.decode()


def test_only_the_last_failures_lie_on_the_page(doors: Doors, slipway: Harness) -> None:
    """Others are a link away: a page costs what it shows. So is what is too long, or lost."""
    for number in range(5):
        place = ("delivery", "qa", f"1.0.{number}")
        slipway.outside.environments.health[place] = RolloutState.DEGRADED
        text = b"x" * 100_000 if number == 3 else b"evidence %d" % number
        slipway.outside.environments.shows[place] = {"evidence": lambda text=text: text}
        slipway.push_release(f"1.0.{number}")
        slipway.pump()
    page = doors.get("/services/delivery").body.decode()
    lost = replace(slipway.app, evidence=MemoryEvidence())

    assert page.count("what it showed") == 5
    assert [number for number in range(5) if f"<pre>evidence {number}</pre>" in page] == [2, 4]
    assert "x" * 16_384 in page
    assert "x" * 16_385 not in page
    assert read_service_page(lost, DELIVERY, viewer=READER, after="").evidence == {}


def test_evidence_that_is_lost_is_not_found(failed: Harness) -> None:
    """The release is read all the same."""
    number = str(failed.promotion("1.0.0", "qa").number)
    emptied = replace(failed.app, evidence=MemoryEvidence())

    with pytest.raises(NotKnown, match="nothing is kept"):
        evidence(emptied, DELIVERY, "1.0.0", number)
