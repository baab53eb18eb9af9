"""What the first page begins with: what waits for whoever looks, and what just failed."""

from __future__ import annotations

import html
import re

from shared.domain.policies.policy import Severity
from shared.domain.state.build import BuildOutcome, BuildResult, ScanResult, TestCounts
from tests.page.test_pages import page
from tests.support.app_parts import Harness, branch
from tests.support.doors import Doors


def section_of(found: str, name: str) -> str:
    """A part of a page, by the id of its heading, as text without tags."""
    part = re.search(rf'<section aria-labelledby="{name}">(.*?)</section>', found, re.DOTALL)
    return html.unescape(" ".join(re.sub("<[^>]*>", " ", part[1]).split())) if part else ""


def test_the_first_page_begins_with_what_waits_for_whoever_looks(doors: Doors, slipway: Harness) -> None:
    """The approver's answer for whom it is; who may not answer is shown no such list."""
    slipway.release_to("1.0.0", approve=False)

    assert "delivery 1.0.0 to production : your approval, asked" in section_of(page(doors, who="rita"), "yours")
    assert section_of(page(doors, who="ada"), "yours") == ""
    assert section_of(page(doors, who="olga"), "yours") == ""


def test_an_operator_is_shown_what_nobody_else_can_let_go_on(doors: Doors, slipway: Harness) -> None:
    """A bad scan keeps it out until the team, or an operator, does something; who approves cannot."""
    bad = ScanResult(worst=Severity.CRITICAL)
    slipway.outside.builder.outcomes[branch("1.0.0")] = BuildResult(
        outcome=BuildOutcome.SUCCEEDED, reason="", tests=TestCounts(passed=3, failed=0, skipped=0), scan=bad
    )
    slipway.release_to("1.0.0", approve=False)

    assert ": the scan found critical vulnerabilities" in section_of(page(doors, who="olga"), "yours")
    assert section_of(page(doors, who="rita"), "yours") == ""


def test_the_first_page_says_what_just_failed_and_which_branches_release_nothing(
    doors: Doors, slipway: Harness
) -> None:
    """With the reason that the commit shows: a wrong form, an unknown service, a name that is no service's."""
    for name in ("delivery/1.0", "nobody/v1.0.0", "No_Body/v1.0.0"):
        slipway.push(f"refs/heads/release/{name}", {"x": b"y"})
    slipway.pump()

    found = section_of(page(doors), "failed")

    assert "delivery 1.0: release/delivery/1.0: version:" in found
    assert "nobody v1.0.0: no service nobody in slipway.yaml of the default branch" in found
    assert "shipping : release/No_Body/v1.0.0 does not name a service" in found
