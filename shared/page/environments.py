"""An environment of a service: what is live, what is on its way, and the buttons for those who may."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from shared.app.people.authorize import Viewer
from shared.app.views.adoptable import AdoptableView
from shared.app.views.records import LiveView, PromotionView
from shared.app.views.service_records import EnvironmentView, ServiceView, WayView
from shared.domain.charts.undone import not_undone_sentence
from shared.domain.state.adoptable import DEPLOYED
from shared.page.html import Html, element
from shared.page.parts import actions, badge, blocker, button, digests, moment, reference


def api(service: ServiceView, rest: str) -> str:
    """Return the address of something of a service."""
    query = urlencode({"repository": service.repository})
    return f"/api/services/{quote(service.service)}/{rest}?{query}"


def environment(service: ServiceView, one: EnvironmentView, viewer: Viewer, *, whole: bool = False) -> Html:
    """Show all of one environment; `whole` names the image that runs as the cluster was given it."""
    unknown = (
        element("p", element("b", "What is live is not known: "), one.unknown, class_="fault") if one.unknown else None
    )
    nothing = element("p", "nothing yet", class_="empty") if one.live is None else None
    left = element("p", "no longer configured", class_="empty") if not one.configured else None
    return element(
        "div",
        left,
        _live(one.live) if one.live else nothing,
        element("code", reference(one.live.artifact), class_="image") if one.live and whole else None,
        unknown,
        _found(one.found) if one.found else None,
        [on_the_way(service, way, viewer) for way in one.on_the_way],
        _operating(service, one) if viewer.operates else None,
        class_="environment",
    )


def _found(found: AdoptableView) -> Html:
    version = f"version {found.version} by what runs" if found.version else "no known version by what runs"
    others = element("div", "; ".join(found.others), class_="blocker blocks") if found.others else None
    what = f"release {found.release_name}, revision {found.revision.partition('/')[0]}, {found.status}"
    chart = f", chart {found.chart} {found.chart_version}, {version}"
    return element("div", element("b", "Not deployed by Slipway: "), what, chart, others, class_="found")


def _live(live: LiveView) -> Html:
    line = (element("b", live.version, class_="version"), " ", digests(live.artifact))
    return element("div", *line, element("small", "live since ", moment(live.since)), class_="live")


def on_the_way(service: ServiceView, way: WayView, viewer: Viewer) -> Html:
    """Show a promotion that has not ended: its phase, what it waits for first, and the buttons of those who can answer."""
    one = way.promotion
    version = one.target or way.version
    kind = f" {one.kind}" if one.kind != "forward" else ""
    first = blocker(one.blockers[0]) if one.blockers else element("div", one.reason, class_="blocker")
    approval = one.approval
    yours = approval is not None and approval.open and approval.objection == ""
    return element(
        "div",
        element(
            "div",
            element("b", version, class_="version"),
            " ",
            badge(one.phase),
            element("small", f"#{one.number}{kind}"),
        ),
        first,
        older_hint(one),
        answering(service, way),
        _unknown(service, way) if viewer.operates else None,
        class_=f"way {one.kind} yours" if yours else f"way {one.kind}",
    )


def in_brackets(hint: str) -> str:
    """A hint at the end of a sentence, where there is one."""
    return f" ({hint})" if hint else ""


def older_hint(one: PromotionView) -> Html | None:
    """Say that something newer runs, unless that is what it waits for and was said."""
    said = any(each.reason == one.older for each in one.blockers[:1])
    return element("div", one.older, class_="older") if one.older and not said else None


def answering(service: ServiceView, way: WayView) -> Html | None:
    """Show an open request: who said yes so far, and the buttons, or why there are none."""
    approval = way.promotion.approval
    if approval is None or not approval.open:
        return None
    url = api(service, f"approvals/{approval.request}")
    what = f"{service.service} {way.version} to {way.promotion.environment}"
    yes = no = None
    if approval.objection == "":
        yes = button(
            "Approve",
            url,
            about=f"Approve {what}{in_brackets(way.promotion.older)}",
            body={"decision": "approve"},
            text="comment",
            required=approval.comment,
            class_="main",
        )
    if approval.may_reject:
        no = button("Reject", url, about=f"Reject {what}", body={"decision": "reject"}, text="comment", class_="danger")
    votes = [
        element("small", f"✓ {one.person.name}", f": {one.comment}" if one.comment else "") for one in approval.votes
    ]
    why = _not_yours(way.promotion, approval.objection or "")
    against = element("small", why, class_="objection") if why else None
    return element(
        "div", _asked_again(way), _drift(way), _not_undone(way), votes, actions(yes, no), against, class_="approval"
    )


def _not_yours(one: PromotionView, objection: str) -> str:
    """Say why there is no button for yes, without what the promotion waits for, which is said already."""
    first = one.blockers[0].reason if one.blockers else ""
    more = objection.removeprefix(first).lstrip("; ")
    return f"You cannot approve: {more or objection}" if objection else ""


def _asked_again(way: WayView) -> Html | None:
    rendered = way.promotion.rendered
    return element("small", f"asked again: {rendered.changed}") if rendered and rendered.changed else None


def _drift(way: WayView) -> Html | None:
    """Say before anybody answers what others changed in the cluster, and will be taken back."""
    found = [f"{one.object} {one.field}: {one.problem}" for one in way.promotion.drift]
    return element("small", f"will be taken back: {'; '.join(found)}") if found else None


def _not_undone(way: WayView) -> Html | None:
    """Say before anybody answers what stays where this is rolled back."""
    rendered = way.promotion.rendered
    said = not_undone_sentence(rendered.not_undone) if rendered else ""
    return element("small", said) if said else None


def _unknown(service: ServiceView, way: WayView) -> Html | None:
    """Let an operator answer for authors that are not known, where they keep people from saying yes."""
    one = way.promotion
    if all(each.gate != "authors" for each in one.blockers):
        return None
    url, version = api(service, f"environments/{quote(one.environment)}/override"), way.version
    who = "; ".join(one.authors.unanswered) if one.authors else ""
    what = f"for {service.service} {version} in {one.environment} ({who})"
    body = {"version": version, "gate": "authors"}
    none = button(
        "None of the approvers",
        url,
        about=f"Answer that no approver is the unknown author {what}",
        body={**body, "author": "none"},
        text="reason",
        required=True,
        class_="quiet",
    )
    named = button(
        "Say who it is",
        url,
        about=f"Say who the unknown author is {what}",
        body=body,
        name="author",
        text="reason",
        required=True,
        class_="quiet",
    )
    return actions(none, named)


def _operating(service: ServiceView, one: EnvironmentView) -> Html | None:
    where = f"environments/{quote(one.environment)}"
    again = anew = back = None
    if one.live is not None and one.configured:
        about = f"Deploy {service.service} {one.live.version} to {one.environment} again"
        again = button("Redeploy", api(service, f"{where}/redeploy"), about=about, class_="quiet")
    if one.live is not None and one.deployed_with == "helm":
        about = f"Start the pods of {service.service} {one.live.version} in {one.environment} anew"
        url, body = api(service, f"{where}/redeploy"), {"restart": True}
        anew = button("Restart", url, about=about, body=body, class_="quiet")
    if one.live is not None and one.earlier:
        about = f"Roll {service.service} in {one.environment} back from {one.live.version}"
        back = button(
            "Roll back",
            api(service, f"{where}/rollback"),
            about=about,
            text="reason",
            required=True,
            choices=list(dict.fromkeys(each.version for each in one.earlier)),
            choice="to",
            class_="quiet",
        )
    take = None
    if one.found is not None and one.found.status == DEPLOYED and not one.found.others:
        known = (
            f"as {one.found.version}" if one.found.version else "as no known version: going back is by Helm's history"
        )
        about = f"Adopt release {one.found.release_name} in {one.environment} {known}"
        take = button(
            "Adopt", api(service, f"{where}/adopt"), about=about, text="reason", required=True, class_="quiet"
        )
    return actions(again, anew, back, take)
