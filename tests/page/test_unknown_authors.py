"""Somebody unknown shows on the page, and operators answer for them where it shows."""

from __future__ import annotations

import html
import re

from tests.page.test_pages import page
from tests.support.app_parts import Harness, branch
from tests.support.doors import Doors

OFFERS = {"None of the approvers", "Say who it is"}


def unknown_pusher(slipway: Harness) -> None:
    """A release whose pusher nobody named waits for production."""
    slipway.outside.commit(branch("1.0.0"), {"src/shipping/delivery/version": b"1.0.0"})
    slipway.tell_push(branch("1.0.0"))
    slipway.pump()


def buttons(found: str) -> set[str]:
    """What can be pressed."""
    return set(re.findall(r'<button type="button" class="call[^>]*>([^<]+)<', found))


def test_an_approver_sees_who_is_unknown_and_may_only_reject(doors: Doors, slipway: Harness) -> None:
    """The objection says that an operator answers for it."""
    unknown_pusher(slipway)
    found = page(doors, who="rita")

    assert buttons(found) == {"Reject"}
    assert f"who pushed {slipway.release('1.0.0').commit[:12]}" in found
    assert found.count("an operator answers for it") == 1
    assert ">You cannot approve: nobody can be told apart from them<" in found


def test_an_operator_is_offered_to_answer_for_them(doors: Doors, slipway: Harness) -> None:
    """On the first page and on the service's; the body says the version and the gate."""
    unknown_pusher(slipway)
    first, own = page(doors, who="olga"), page(doors, "/services/delivery", who="olga")

    assert buttons(first) >= OFFERS
    assert buttons(own) >= OFFERS
    assert '{"version": "1.0.0", "gate": "authors", "author": "none"}' in html.unescape(first)
    assert 'data-name="author"' in first


def test_nothing_is_offered_where_everybody_is_known(doors: Doors, slipway: Harness) -> None:
    """There would be nothing to answer."""
    slipway.release_to("1.0.0", approve=False)

    assert not buttons(page(doors, who="olga")) & OFFERS


def test_an_answer_by_api_lets_others_approve(doors: Doors, slipway: Harness) -> None:
    """It is read back with the release, and whoever gave it does not approve."""
    unknown_pusher(slipway)
    body = {"version": "1.0.0", "gate": "authors", "reason": "it was a robot", "author": "robot@example.com"}
    before = doors.get("/api/services/delivery/releases/1.0.0", "olga").json()["promotions"][-1]["authors"]
    answer = doors.post("/api/services/delivery/environments/production/override", body, who="olga")
    after = answer.json()["release"]
    approval = f"/api/services/delivery/approvals/{slipway.request()}"
    approved = doors.post(approval, {"decision": "approve"}, who="rita")

    assert before["unanswered"] == before["unknown"] == [f"who pushed {after['commit'][:12]}"]
    assert (answer.status, after["overrides"][0]["authors"]) == (200, ["robot@example.com"])
    assert after["promotions"][-1]["authors"]["unanswered"] == []
    assert approved.status == 200
