"""A release, with its promotions, what it waits for and what its build said."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from shared.app.people.authorize import Viewer
from shared.app.views.build import BuildView
from shared.app.views.records import PromotionView, ReleaseView
from shared.app.views.service_records import ServiceView
from shared.domain.state.older import older
from shared.domain.values.version import Version
from shared.page.environments import api, in_brackets, older_hint
from shared.page.html import Html, element
from shared.page.parts import actions, badge, blocker, button, digests, moment

_ENDED_OTHERWISE = ("Rejected", "Expired", "Failed", "Superseded", "Aborted")


def release(service: ServiceView, one: ReleaseView, viewer: Viewer, evidence: Mapping[str, str]) -> Html:
    """Show a release; one under way lies open. `evidence` is what failed rollouts showed, by where it is read."""
    is_open = any(one is each for each in service.releases)
    artifact = (" ", digests(one.artifact)) if one.artifact else None
    summary = element(
        "summary",
        element("b", one.version, class_="version"),
        " ",
        badge(one.phase),
        artifact,
        element("small", "since ", moment(one.since), f" · {one.commit[:12]}"),
    )
    reason = element("p", one.reason) if one.reason else None
    quarantine = element("p", element("b", "Quarantined: "), one.quarantine, class_="fault") if one.quarantine else None
    return element(
        "details",
        summary,
        reason,
        quarantine,
        [blocker(each, where=True) for each in one.blockers],
        _promotions(one, evidence),
        _build(one.build) if one.build else None,
        _buttons(service, one, is_open) if viewer.operates else None,
        class_="release",
        id=f"release-{one.version}",
        open=is_open,
    )


def _promotions(one: ReleaseView, evidence: Mapping[str, str]) -> Html | None:
    if not one.promotions:
        return None
    names = ("#", "Environment", "Kind", "Phase", "Since", "Why")
    head = element("tr", [element("th", name, scope="col") for name in names])
    rows = [_promotion(each, evidence) for each in reversed(one.promotions)]
    table = element("table", element("thead", head), element("tbody", rows), class_="list")
    return element("div", table, class_="wide")


def _promotion(one: PromotionView, evidence: Mapping[str, str]) -> Html:
    votes = one.approval.votes if one.approval else ()
    approved = [
        element("div", f"✓ approved by {vote.person.name}", f": {vote.comment}" if vote.comment else "")
        for vote in votes
    ]
    target = f" to {one.target}" if one.target else ""
    return element(
        "tr",
        element("td", one.number),
        element("td", one.environment),
        element("td", f"{one.kind}{target}"),
        element("td", badge(one.phase)),
        element("td", moment(one.since)),
        element("td", one.reason or one.cause, _came_to(one), _evidence(one, evidence), older_hint(one), approved),
    )


def _came_to(one: PromotionView) -> Html | None:
    if one.restored_milliseconds is not None:
        return element("div", f"ready again {one.restored_milliseconds / 1000:,.1f} s after the failure was seen")
    return element("div", "nothing had to change") if one.unchanged else None


def _evidence(one: PromotionView, evidence: Mapping[str, str]) -> Html | None:
    if not one.evidence:
        return None
    link = element("a", "what it showed", href=one.evidence)
    if one.evidence not in evidence:
        return element("div", link)
    return element("details", element("summary", link), element("pre", evidence[one.evidence]), class_="evidence")


def _build(build: BuildView) -> Html:
    tests = build.tests
    counted = f"{tests.passed} passed, {tests.failed} failed, {tests.skipped} skipped" if tests else "not counted"
    scan = (build.scan.worst or f"unknown ({build.scan.reason})") if build.scan else "unknown"
    steps = [
        element(
            "li",
            badge(one.outcome),
            " ",
            element("a", one.step, href=one.output) if one.output else one.step,
            element("small", f" {one.milliseconds / 1000:.1f} s"),
            f" {one.reason}" if one.reason else None,
        )
        for one in build.steps
    ]
    number = element("a", f"Build {build.number}", href=build.url)
    run = (" (", element("a", "its run", href=build.link), ")") if build.link else ()
    said = f" · unit tests: {counted} · scan: {scan}"
    facts = element("p", number, *run, " ", badge(build.outcome), said, class_="facts")
    blocking = [element("li", f"{one.environment} would block: {one.reason}") for one in build.would_block]
    return element(
        "div",
        facts,
        element("ul", steps, class_="steps") if steps else None,
        element("ul", blocking, class_="steps") if blocking else None,
    )


def _buttons(service: ServiceView, one: ReleaseView, is_open: bool) -> Html | None:
    url = f"releases/{quote(one.version)}"
    what = f"{service.service} {one.version}"
    never_built = one.phase == "Failed" and one.artifact is None
    errored = never_built or one.phase == "Errored" or any(each.phase == "Errored" for each in one.promotions)
    abort = button("Abort", api(service, f"{url}/abort"), about=f"Abort {what}", text="reason", class_="danger")
    retry = button("Retry", api(service, f"{url}/retry"), about=f"Retry {what}", class_="quiet")
    again = [
        button(
            f"Promote to {name}",
            api(service, f"{url}/promote"),
            about=f"Promote {what} to {name} again{in_brackets(_older(service, one, name))}",
            body={"environment": name},
            class_="quiet",
        )
        for name in _promotable(one)
    ]
    return actions(retry if errored else None, *again, abort if is_open else None)


def _promotable(one: ReleaseView) -> list[str]:
    newest = {each.environment: each.phase for each in one.promotions if each.kind == "forward"}
    return [name for name, phase in newest.items() if phase in _ENDED_OTHERWISE]


def _older(service: ServiceView, one: ReleaseView, environment: str) -> str:
    """What a new attempt would bring, told before it is asked for."""
    live = next((each.live for each in service.environments if each.environment == environment), None)
    return older(environment, Version.parse(live.version), Version.parse(one.version)) if live else ""
