"""The pages in a real browser: people answer, roll back and watch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from shared.domain.state.build import BuildOutcome, BuildResult
from shared.domain.state.phases import Phase
from tests.support.app_parts import Harness, branch
from tests.support.doors import PEOPLE, Doors
from tests.support.host import wait_until
from tests.support.in_poison import PUSH, poisoned, written

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.real("chromium")

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


class Visit:
    """A person's browser window on the host, and what it complained about."""

    def __init__(self, browser: Browser, doors: Doors) -> None:
        self._browser, self._doors = browser, doors
        self.faults: list[str] = []

    def __call__(self, who: str, path: str = "/", *, script: bool = True) -> Page:
        """Sign in and open a page."""
        context = self._browser.new_context(java_script_enabled=script)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        page.goto(f"{self._doors.url}/local/sign-in#key={PEOPLE[who].key}")
        if not script:
            page.get_by_label("Key").fill(PEOPLE[who].key)
        page.get_by_role("button", name=f"Sign in as {PEOPLE[who].name}" if script else "Sign in").click()
        page.wait_for_url(f"{self._doors.url}/")
        if path != "/":
            page.goto(f"{self._doors.url}{path}")
        return page

    def close(self) -> None:
        """Close every window."""
        for context in self._browser.contexts:
            context.close()


@pytest.fixture
def visit(browser: Browser, doors: Doors) -> Iterator[Visit]:
    """Open windows; a fault in one of them fails the test."""
    opened = Visit(browser, doors)
    yield opened
    opened.close()
    assert opened.faults == []


def confirm(page: Page, name: str, text: str = "") -> None:
    """Answer the question that a button opened."""
    dialog = page.get_by_role("dialog")
    if text:
        dialog.get_by_role("textbox").fill(text)
    dialog.get_by_role("button", name=name).click()
    dialog.wait_for(state="hidden")


def test_a_person_approves_from_the_page(visit: Visit, slipway: Harness) -> None:
    """The comment is in the ledger, and the page shows what became of it."""
    slipway.release_to("1.0.0", approve=False)
    page = visit("rita")

    page.get_by_role("button", name="Approve").click()
    confirm(page, "Approve", "looks good")

    slipway.pump()
    page.get_by_role("row", name="delivery").get_by_text("live since").nth(1).wait_for()
    assert slipway.live("production") == "1.0.0"
    assert "production #2 approved by Rita Manager: looks good" in [
        note for one in slipway.timeline() for note in one.notes
    ]


def test_a_link_to_a_release_that_failed_opens_it(visit: Visit, slipway: Harness) -> None:
    """It has ended, and would lie closed among others."""
    failed = BuildResult(outcome=BuildOutcome.FAILED, reason="unit tests: 2 of 143 failed")
    slipway.outside.builder.outcomes[branch("1.0.0")] = failed
    slipway.push_release("1.0.0")
    slipway.pump()
    page = visit("olga")

    page.get_by_role("region", name="Just failed").get_by_role("link", name="delivery").click()

    page.locator("#release-1\\.0\\.0").get_by_role("button", name="Retry").wait_for()
    assert page.url.endswith("/services/delivery?repository=shipping#release-1.0.0")


def test_whoever_answers_for_an_unknown_author_begins_with_who_it_is(visit: Visit, slipway: Harness) -> None:
    """The fields are filled in from above."""
    slipway.outside.commit(branch("1.0.0"), {"src/shipping/delivery/version": b"1.0.0"})
    slipway.tell_push(branch("1.0.0"))
    slipway.pump()
    page = visit("olga")

    page.get_by_role("button", name="Say who it is").click()
    page.keyboard.type("ben@example.com")

    assert page.get_by_label("Who it is (mail)").input_value() == "ben@example.com"


def test_a_person_rejects_from_the_page(visit: Visit, slipway: Harness) -> None:
    """What they wrote is the promotion's reason, and shown as text."""
    slipway.release_to("1.0.0", approve=False)
    page = visit("rita", "/services/delivery")

    page.get_by_role("button", name="Reject").click()
    confirm(page, "Reject", HOSTILE)

    page.get_by_text("Rejected").first.wait_for()
    assert slipway.promotion("1.0.0", "production").phase is Phase.REJECTED
    page.get_by_role("listitem").filter(has_text=f"rejected by Rita Manager: {HOSTILE}").first.wait_for()
    assert page.title() == "delivery · Slipway"


def test_a_person_rolls_back_from_the_page(visit: Visit, slipway: Harness) -> None:
    """To the version they choose, with a reason that is required."""
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        slipway.release_to(version)
    page = visit("olga")
    production = page.get_by_role("row", name="delivery").get_by_role("cell").nth(1)

    production.get_by_role("button", name="Roll back").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").select_option("1.0.0")
    dialog.get_by_role("button", name="Roll back").click()
    still_open = dialog.is_visible()
    confirm(page, "Roll back", "too many errors")

    slipway.pump()
    wait_until(lambda: slipway.live("production") == "1.0.0")
    assert still_open
    assert "too many errors" in slipway.promotion("1.2.0", "production").cause


def test_what_is_refused_is_said_in_the_question(visit: Visit, slipway: Harness) -> None:
    """The page was old: the request has been answered meanwhile."""
    slipway.release_to("1.0.0", approve=False)
    page = visit("rita")
    page.get_by_role("button", name="Approve").click()
    slipway.answer(approve=False)
    slipway.pump()

    page.get_by_role("dialog").get_by_role("button", name="Approve").click()

    page.get_by_role("alert").get_by_text("is Rejected").wait_for()
    # The browser itself reports each refused request.
    assert all("409" in fault for fault in visit.faults)
    visit.faults.clear()


def test_an_open_page_shows_what_changes_without_a_reload(visit: Visit, slipway: Harness) -> None:
    """It looks at the mark every few seconds."""
    page = visit("ada")
    page.get_by_text("nothing yet").first.wait_for()

    slipway.release_to("1.0.0", approve=False)

    page.get_by_text("production waits for approval").wait_for()


def test_a_page_reads_without_its_script_and_offers_nothing_then(visit: Visit, slipway: Harness) -> None:
    """Times are in full, and there are no buttons that would do nothing: the filter's works without it."""
    slipway.release_to("1.0.0", approve=False)

    page = visit("rita", script=False)

    assert page.get_by_text("production waits for approval").is_visible()
    assert page.get_by_text("UTC").first.is_visible()
    assert page.locator("noscript p").is_visible()
    assert page.get_by_role("button").all_inner_texts() == ["Show"]
    page.get_by_label("Name begins with").fill("pack")
    page.get_by_role("button").click()
    assert page.get_by_role("link", name="package").is_visible()
    assert page.get_by_role("link", name="delivery").count() == 0


def test_a_hold_is_lifted_from_the_page(visit: Visit, doors: Doors) -> None:
    """By those who operate."""
    doors.post("/api/holds", {"scope": "everything", "reason": "incident"})
    page = visit("olga")

    page.get_by_role("button", name="Lift").click()
    confirm(page, "Lift", "over")

    page.get_by_text("Hold on everything:", exact=True).wait_for(state="hidden")
    assert doors.get("/api/holds").json() == {"holds": []}


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_its_window(visit: Visit, slipway: Harness, width: int) -> None:
    """On a telephone as well, with everything open and a word that is longer than a line."""
    failed = BuildResult(outcome=BuildOutcome.FAILED, reason=f"unit tests: test_{'and_then_' * 20}ends")
    slipway.outside.builder.outcomes[branch("0.9.0")] = failed
    slipway.push_release("0.9.0")
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0", approve=False)
    page = visit("max")

    for path in ("/", "/services/delivery"):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")

        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_cell_is_too_narrow_to_be_read_on_a_telephone(visit: Visit, slipway: Harness) -> None:
    """A reason has the whole line, and nothing lies beyond the edge."""
    slipway.release_to("1.0.0", approve=False)
    page = visit("max", "/services/delivery")
    page.set_viewport_size({"width": 390, "height": 800})

    for cell in page.locator(".list td").all():
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
    reason = page.locator(".list td:last-child").first.bounding_box()
    assert reason is not None
    assert reason["width"] > 250


def test_the_page_says_so_when_somebody_is_signed_out(visit: Visit) -> None:
    """In words as well as by a colour; what it shows may be old."""
    page = visit("ada")
    page.get_by_label("refreshed when something changes").wait_for()

    page.context.clear_cookies()

    page.get_by_label("You are signed out; reload this page").wait_for()
    visit.faults.clear()


def test_an_operator_requeues_a_message_from_the_page(visit: Visit, slipway: Harness) -> None:
    """It is gone from the list, and delivered."""
    poisoned(slipway, written(PUSH))
    window = visit("olga", "/poison")

    window.get_by_role("button", name="Requeue").click()
    confirm(window, "Requeue", "mended")

    window.get_by_text("No message lies in poison.").wait_for()
    assert slipway.timeline("estate")[-1].notes == ("poison 1 requeued, push-received p-1 of slipway-events: mended",)
    assert slipway.waiting("events") == 1
