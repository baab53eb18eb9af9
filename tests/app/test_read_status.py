"""What is read of services and releases, and what is said of what is not there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.app.operating.finding import (
    Ambiguous,
    Chosen,
    NotKnown,
    find_artifact_hold,
    find_service,
    service_names,
)
from shared.app.people.authorize import NotAllowed, Viewer, require, viewer
from shared.app.views import read_status
from shared.app.views.mark import mark
from shared.app.views.read_overview import read_overview, read_service_page
from shared.codec.repository import CONFIG
from shared.codec.state import ARTIFACT_HOLDS, HOLDS_ROW
from shared.domain.messages.events import PromoteRequested
from shared.domain.state.release import ArtifactHold
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from shared.ports.rollout_watcher import RolloutState
from shared.ports.store import Write
from tests.support.app_parts import DELIVERY, PACKAGE, Harness
from tests.support.outside import ADA, MAIN, RITA

BRANCH = "refs/heads/release/delivery/v1.0.0"


def reads(person: Person, *roles: str) -> Viewer:
    """Somebody who looks."""
    return viewer(person, tuple(f"role:{role}" for role in roles), frozenset(roles))


def second_repository(slipway: Harness) -> None:
    """The same monorepo under another name."""
    source = slipway.outside.source
    main = source.tips("shipping")[MAIN]
    source.create("parcels")
    files = {path: source.file("shipping", main, path) for path in source.files("shipping", main)}
    source.commit("parcels", MAIN, files, by=ADA)
    slipway.tick()


def hold_of(slipway: Harness) -> bytes:
    """A hold on version 9.0.0 of a service called delivery, as it is stored."""
    made = ArtifactHold(id="delivery-v9.0.0", artifact="a", version="9.0.0", reason="bad", since=slipway.app.now())
    return ARTIFACT_HOLDS.encode((made,))


def written(rows: dict[str, bytes]) -> Write:
    """A decision that changes rows and nothing else."""
    return Write(puts=rows, ledger=lambda sequence, previous: b"{}")


def promote(slipway: Harness, version: str) -> None:
    """Ask for production again, and go on."""
    slipway.ask(PromoteRequested, version=version, environment="production")
    slipway.pump()


def test_everybody_with_a_role_reads_and_operators_operate() -> None:
    """Somebody without one is told which it takes."""
    assert [
        reads(ADA, role).operates for role in ("Slipway.Read", "Slipway.Approve", "Slipway.Operate", "Slipway.Admin")
    ] == [
        *(False, False),
        *(True, True),
    ]
    with pytest.raises(NotAllowed, match=r"Ada Author .* Slipway\.Read or Slipway\.Approve"):
        reads(ADA, "Other.Role")
    with pytest.raises(NotAllowed, match=r"takes the role Slipway\.Admin"):
        require(ADA, frozenset({"Slipway.Read"}), ("Slipway.Admin",))


def test_a_service_is_found_by_its_name_and_where_there_are_two_by_its_repository(slipway: Harness) -> None:
    """People's holds lie among the services and are none."""
    second_repository(slipway)

    assert service_names(slipway.app, Chosen(), most=9) == [
        *("parcels~delivery", "parcels~package"),
        *("shipping~delivery", "shipping~package"),
    ]
    assert find_service(slipway.app, "delivery", "shipping") == DELIVERY
    with pytest.raises(Ambiguous, match="parcels and shipping"):
        find_service(slipway.app, "delivery")
    with pytest.raises(NotKnown, match="in repository moon"):
        find_service(slipway.app, "delivery", "moon")


def test_a_release_branch_with_a_mistyped_name_makes_no_service(slipway: Harness) -> None:
    """Its ledger says what became of the push, and nobody finds a service of that name."""
    typo = ServiceKey(DELIVERY.repository, "delivry")
    slipway.push_release("1.0.0", typo)
    slipway.pump()

    assert [one.outcome for one in slipway.timeline(typo)] == ["refused"]
    with pytest.raises(NotKnown, match="no service 'delivry'"):
        find_service(slipway.app, "delivry")
    listed = read_status.services(slipway.app, viewer=None, chosen=Chosen(), most=3)
    assert [one.service for one in listed.services] == ["delivery", "package"]
    assert listed.next is None


def test_a_hold_on_an_artifact_is_found_by_its_id(slipway: Harness) -> None:
    """Names and versions may hold -v themselves."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.1.0-v2"] = RolloutState.DEGRADED
    slipway.release_to("1.1.0-v2")

    assert find_artifact_hold(slipway.app, "delivery-v1.1.0-v2") == DELIVERY
    with pytest.raises(NotKnown):
        find_artifact_hold(slipway.app, "delivery-v1.1.0")


def test_a_hold_that_two_repositories_have_is_not_guessed(slipway: Harness) -> None:
    """It is lifted where somebody says."""
    second_repository(slipway)
    twin = ServiceKey("parcels", DELIVERY.service)
    rows = {HOLDS_ROW: hold_of(slipway)}
    for service in (DELIVERY, twin):
        slipway.app.store.transact(str(service), "held", lambda loaded: written(rows))

    with pytest.raises(Ambiguous, match=r"parcels and shipping.*\?repository="):
        find_artifact_hold(slipway.app, "delivery-v9.0.0")
    assert find_artifact_hold(slipway.app, "delivery-v9.0.0", "parcels") == twin


def test_a_build_that_runs_is_shown_with_its_deadline(slipway: Harness) -> None:
    """Of a release as of a branch, with the push that waits behind it."""
    feature = "refs/heads/feature/delivery/x"
    slipway.outside.builder.slow = {BRANCH: 10**9, feature: 10**9}
    slipway.push_release("1.0.0")
    for number in (1, 2):
        slipway.push(feature, {"src/shipping/delivery/x": str(number).encode()})
        slipway.pump(most=timedelta(seconds=3))

    found = read_status.service(slipway.app, DELIVERY, viewer=None)

    [release], [validation] = found.releases, found.validations
    assert release.build is not None
    assert (release.phase, release.build.outcome, release.build.attempt) == ("Packaging", "running", 1)
    assert release.artifact is None
    [running] = validation.running
    assert (validation.ref, running.url) == (
        feature,
        f"/api/services/delivery/builds/{running.number}?repository=shipping",
    )
    assert validation.waiting == slipway.outside.source.tips("shipping")[feature]


def test_a_person_is_told_why_their_yes_would_not_count(slipway: Harness) -> None:
    """Not an approver, an author, or one who has said yes already; or nothing, where it would."""
    slipway.release_to("1.0.0", approve=False)

    objections = {}
    for person in (RITA, ADA):
        found = read_status.release(slipway.app, DELIVERY, "1.0.0", viewer=reads(person, "Slipway.Read"))
        approval = found.promotions[1].approval
        assert approval is not None
        objections[person.name] = (approval.objection, approval.may_reject)

    assert objections["Rita Manager"] == ("", True)
    assert objections["Ada Author"][0] is not None
    assert objections["Ada Author"][0].startswith("Ada Author is not an approver of production")
    assert objections["Ada Author"][1] is False


def test_what_a_request_was_about_is_found_by_its_version_or_its_promotions_number(slipway: Harness) -> None:
    """Also once it has ended; nothing is found for nothing."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0", approve=False)

    def about(version: str, promotion: str) -> str | None:
        found = read_status.release_about(slipway.app, DELIVERY, version=version, promotion=promotion, viewer=None)
        return found.version if found else None

    assert [about("", "4"), about("1.0.0", ""), about("9.9.9", ""), about("", "99")] == ["1.1.0", "1.0.0", None, None]


def test_a_release_that_ended_and_was_opened_again_is_listed_once(slipway: Harness) -> None:
    """Its first end is history, its newest counts."""
    slipway.release_to("1.0.0", approve=False)
    slipway.answer(approve=False)
    slipway.pump()
    slipway.outside.clock.advance(timedelta(hours=1))
    promote(slipway, "1.0.0")

    again = read_status.releases(slipway.app, DELIVERY, viewer=None, after="", most=10)
    slipway.approve()
    ended = read_status.releases(slipway.app, DELIVERY, viewer=None, after="", most=10)

    assert [(one.version, one.phase) for one in again.releases] == [("1.0.0", "Packaged")]
    assert [(one.version, one.phase) for one in ended.releases] == [("1.0.0", "Released")]


def test_services_are_chosen_by_repository_and_by_how_their_name_begins(slipway: Harness) -> None:
    """Page by page, in the order in which they are stored, whatever the repositories are called."""
    second_repository(slipway)

    def names(most: int = 9, **chosen: str) -> list[str]:
        return service_names(slipway.app, Chosen(**chosen), most=most)

    assert names(repository="parcels") == ["parcels~delivery", "parcels~package"]
    assert names(name="deliv") == ["parcels~delivery", "shipping~delivery"]
    assert names(name="deliv", most=1) == ["parcels~delivery"]
    assert names(name="deliv", after="parcels~delivery") == ["shipping~delivery"]
    assert names(repository="shipping", name="p", after="shipping~delivery") == ["shipping~package"]
    assert names(repository="ship") == names(name="elivery") == []


def test_the_mark_of_a_repository_that_was_never_read_is_a_mark(fresh: Harness) -> None:
    """And it changes with the first reading."""
    before = mark(fresh.app, ())
    assert fresh.app.rows.get("shipping", CONFIG) is None

    fresh.start()

    assert mark(fresh.app, ()) != before
    assert mark(fresh.app, (str(PACKAGE),)) != mark(fresh.app, ())


def test_the_pages_read_all_they_show_at_once(slipway: Harness) -> None:
    """The newest entries first, and on a later page no release that is under way."""
    for version in ("1.0.0", "1.1.0"):
        slipway.release_to(version)
    who = reads(RITA, "Slipway.Read")

    overview = read_overview(slipway.app, viewer=who, chosen=Chosen(after=str(DELIVERY)))
    page = read_service_page(slipway.app, DELIVERY, viewer=who, after="")

    assert [one.service for one in overview.services] == ["package"]
    assert [one.version for one in page.ended] == ["1.1.0", "1.0.0"]
    assert page.timeline[0].sequence == page.service.sequence == len(slipway.timeline())
    assert (page.continued, page.next) == (False, None)
    assert [one.name for one in page.repositories] == ["shipping"]
