"""A push: what changed, for whom, told once and in order, whoever tells of it and however often."""

from __future__ import annotations

import pytest

from shared.app.hook_events.inspect_push import inspect_push
from shared.codec.repository import TIPS, tip_row
from shared.domain.messages import events as ev
from shared.domain.state.repository import Tip
from shared.domain.values.person import Person
from shared.ports.errors import Transient
from shared.ports.statuses import CommitState
from tests.support.app_looks import all_but, latest, queued
from tests.support.app_parts import DELIVERY, PACKAGE, Harness, branch
from tests.support.outside import ADA, MAIN, RITA, SAM, SHIPPING

FEATURE = "refs/heads/feature/delivery/x"
CODE = "src/shipping/delivery/app.py"


def told(slipway: Harness, ref: str, by: Person | None = None, id_: str = "p") -> None:
    """Inspect a push as its message would have it inspected."""
    inspect_push(slipway.app, ev.PushReceived(id=id_, repository=SHIPPING, ref=ref, pushed_by=by))


def tip(slipway: Harness, ref: str) -> Tip:
    """What is known of a branch."""
    row = slipway.app.rows.get(SHIPPING, tip_row(ref))
    assert row is not None
    return TIPS.decode(row.value)


def changes(slipway: Harness, service: object = DELIVERY) -> list[str]:
    """Ids of the pushes that a service was told of."""
    return [one.event_id for one in slipway.timeline(str(service)) if one.event_type == "change-found"]


def test_a_push_is_told_to_the_services_it_touches(slipway: Harness) -> None:
    """And to no other."""
    slipway.outside.commit(FEATURE, {CODE: b"1"})
    told(slipway, FEATURE)

    assert changes(slipway)[-1] == f"shipping:{FEATURE}:1:delivery"
    assert FEATURE not in slipway.state(PACKAGE).validations


def test_a_push_that_was_told_is_not_looked_for_again(slipway: Harness) -> None:
    """What the branch points at by then is told by its own message; a message without a commit looks once more."""
    looks: list[str] = []

    class Counted:
        def tip(self, repository: str, ref: str) -> str | None:
            looks.append(ref)
            return slipway.outside.source.tip(repository, ref)

        def __getattr__(self, name: str) -> object:
            return getattr(slipway.outside.source, name)

    slipway.wrap(source=Counted())
    for with_commit, id_ in ((True, "one"), (False, "two")):
        commit = slipway.outside.commit(FEATURE, {CODE: id_.encode()})
        named = commit if with_commit else ""
        inspect_push(slipway.app, ev.PushReceived(id=id_, repository=SHIPPING, ref=FEATURE, commit=named))

    assert looks.count(FEATURE) == 1 + 2
    assert len([one for one in changes(slipway) if FEATURE in one]) == 2


def test_a_services_ledger_names_the_branch_and_commit_of_each_push(slipway: Harness) -> None:
    """Also of one that asks not to be built, of which nothing else is left."""
    built = slipway.outside.commit(FEATURE, {CODE: b"1"})
    told(slipway, FEATURE, id_="one")
    skipped = slipway.outside.commit(FEATURE, {CODE: b"2"}, message="Change\n\n[skip ci]")
    told(slipway, FEATURE, id_="two")

    found = [one for one in slipway.timeline() if one.event_type == "change-found"][-2:]
    assert [(one.detail_of("ref"), one.detail_of("commit")) for one in found] == [(FEATURE, built), (FEATURE, skipped)]
    assert found[-1].outcome == "ignored"


def test_a_push_of_two_services_is_told_to_both(slipway: Harness) -> None:
    """Each decides for itself."""
    slipway.outside.commit(MAIN, {CODE: b"1", "src/shipping/package/app.py": b"1"})
    told(slipway, MAIN)

    assert changes(slipway)[-1] == f"shipping:{MAIN}:2:delivery"
    assert changes(slipway, PACKAGE)[-1] == f"shipping:{MAIN}:2:package"


def test_telling_of_a_known_tip_again_changes_nothing(slipway: Harness) -> None:
    """Under whatever id it comes."""
    slipway.outside.commit(FEATURE, {CODE: b"1"})
    told(slipway, FEATURE, id_="one")
    before = slipway.timeline()
    told(slipway, FEATURE, id_="two")

    assert slipway.timeline() == before


def test_each_change_of_a_branch_has_its_number(slipway: Harness) -> None:
    """So that an old report of it is told from a new one, even if a commit comes back."""
    first = slipway.outside.commit(FEATURE, {CODE: b"1"})
    told(slipway, FEATURE)
    slipway.outside.commit(FEATURE, {CODE: b"2"})
    told(slipway, FEATURE)
    slipway.outside.source.refs(SHIPPING)[FEATURE] = first
    told(slipway, FEATURE)

    assert [one.rpartition(":")[0].rpartition(":")[2] for one in changes(slipway)[-3:]] == ["1", "2", "3"]
    assert tip(slipway, FEATURE).commit == first


def test_the_default_branch_is_looked_at_before_any_other(fresh: Harness) -> None:
    """It says which services there are; a release branch of a service that was just added is known."""
    slipway = fresh
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))

    assert slipway.release("1.0.0").build is not None
    assert tip(slipway, MAIN).sent


def test_the_default_branchs_push_is_not_charged_to_who_pushed_another(fresh: Harness) -> None:
    """It was looked at in passing, and nobody is named for it."""
    told(fresh, MAIN, by=None)
    fresh.outside.commit(MAIN, {CODE: b"1"}, by=SAM)
    fresh.outside.commit(branch("1.0.0"), {CODE: b"2"}, by=ADA)
    told(fresh, branch("1.0.0"), by=RITA)

    pushers = {one.event_id: one.person for one in fresh.timeline() if one.event_type == "change-found"}
    assert pushers[f"shipping:{MAIN}:2:delivery"] is None
    assert pushers[f"shipping:{branch('1.0.0')}:1:delivery"] == RITA


def test_a_push_that_nobody_told_of_is_nobodys(slipway: Harness) -> None:
    """Found by the tick, its pusher is unknown: whoever wrote the commit need not have pushed it."""
    commit = slipway.outside.commit(branch("1.0.0"), {CODE: b"1"}, by=RITA)
    told(slipway, branch("1.0.0"))

    release = slipway.release("1.0.0")
    assert (release.pushed_by, release.pushers, release.unnamed) == (None, (), (commit,))


@pytest.mark.parametrize("ref", ["refs/tags/v1.0.0", "refs/pull/7/merge", "refs/notes/x", "HEAD", "main", ""])
def test_what_is_no_branch_is_ignored(slipway: Harness, ref: str) -> None:
    """Nothing is read, and nothing kept of it."""
    before = slipway.outside.troubles.calls.count("source")
    told(slipway, ref)

    assert slipway.outside.troubles.calls.count("source") == before
    assert slipway.app.rows.get(SHIPPING, tip_row(ref)) is None


def test_nothing_is_kept_of_a_repository_that_is_not_served(slipway: Harness) -> None:
    """Attack: whoever knows the hook's secret cannot fill the store with repositories of their own."""
    inspect_push(slipway.app, ev.PushReceived(id="p", repository="elsewhere", ref=MAIN))

    assert slipway.app.rows.list("elsewhere") == []


@pytest.mark.parametrize(
    ("name", "near"),
    [("Delivery", "delivery"), ("-x", ""), ("a" * 41, ""), ("d~e", ""), ("päckage", "package"), ("", "")],
)
def test_a_release_branch_of_no_possible_service_is_refused_on_its_commit(
    slipway: Harness, name: str, near: str
) -> None:
    """Attack: a name with the key's own separators reaches no partition. What is called nearly so is asked about."""
    ref = f"refs/heads/release/{name}/v1.0.0"
    commit = slipway.outside.commit(ref, {CODE: b"1"})
    told(slipway, ref)

    shown = slipway.statuses(commit)["slipway/release"]
    assert shown.state is CommitState.FAILED
    what = f"release/{name}/v1.0.0 does not name a service; use release/<service>/v<version>"
    assert shown.description == (f"{what}; is {near} meant?" if near else what)
    assert set(slipway.app.store.services(most=9)) == {str(DELIVERY), str(PACKAGE)}


def test_a_release_branch_without_a_version_is_refused_by_its_service(slipway: Harness) -> None:
    """The name tells whose it is, the service says what is wrong with it."""
    commit = slipway.outside.commit("refs/heads/release/delivery", {CODE: b"1"})
    told(slipway, "refs/heads/release/delivery")
    slipway.pump()

    assert slipway.statuses(commit)["slipway/delivery/release"].state is CommitState.FAILED


def test_a_release_branch_needs_no_matching_path(slipway: Harness) -> None:
    """It is selected by its name alone, and a skip marker does not keep it back."""
    slipway.outside.commit(branch("1.0.0"), {"docs/x.md": b"1"}, message="Docs [skip ci]")
    told(slipway, branch("1.0.0"))

    assert slipway.release("1.0.0").tags_asked == 1


def test_a_deleted_branch_is_told_to_those_whose_branch_it_was(slipway: Harness) -> None:
    """The validation that runs on it is stopped."""
    slipway.outside.commit(FEATURE, {CODE: b"1"})
    told(slipway, FEATURE)
    slipway.outside.delete(FEATURE)
    told(slipway, FEATURE)

    assert latest(slipway).event_type == "branch-deleted"
    assert latest(slipway, PACKAGE).event_type != "branch-deleted"
    assert FEATURE not in slipway.state().validations
    assert tip(slipway, FEATURE).commit is None


def test_a_deleted_release_branch_is_told_to_its_service(slipway: Harness) -> None:
    """By its name, as it was pushed."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    slipway.outside.delete(branch("1.0.0"))
    told(slipway, branch("1.0.0"))

    assert slipway.release("1.0.0").phase == "Aborted"


def test_a_deleted_release_branch_of_no_possible_service_concerns_nobody(slipway: Harness) -> None:
    """It was refused when it came."""
    ref = "refs/heads/release/NOBODY/v1"
    slipway.outside.commit(ref, {CODE: b"1"})
    told(slipway, ref)
    before = len(slipway.timeline())
    slipway.outside.delete(ref)
    told(slipway, ref)

    assert len(slipway.timeline()) == before


def test_a_deleted_default_branch_leaves_the_configuration_in_force(slipway: Harness) -> None:
    """There is nothing to read it from."""
    slipway.outside.delete(MAIN)
    told(slipway, MAIN)

    assert latest(slipway).event_type == "branch-deleted"
    assert slipway.state().policy is not None


def test_a_branch_that_never_was_concerns_nobody(slipway: Harness) -> None:
    """Attack: reports of made-up branches leave nothing behind."""
    told(slipway, "refs/heads/never")

    assert slipway.app.rows.get(SHIPPING, tip_row("refs/heads/never")) is None


def test_a_repository_without_configuration_tells_nobody(fresh: Harness) -> None:
    """Until its default branch has one."""
    fresh.outside.commit(MAIN, {"slipway.yaml": None})
    fresh.outside.commit(FEATURE, {CODE: b"1"})
    told(fresh, FEATURE)

    assert list(fresh.app.store.services(most=9)) == []
    assert tip(fresh, FEATURE).sent


def test_a_repository_out_of_reach_is_asked_again(slipway: Harness) -> None:
    """Nothing is claimed before it answers."""
    slipway.outside.commit(FEATURE, {CODE: b"1"})
    slipway.outside.troubles.add("source", Transient("out of reach"))
    slipway.tell_push(FEATURE)
    slipway.pump(*all_but("build"))

    assert changes(slipway)[-1] == f"shipping:{FEATURE}:1:delivery"
    assert queued(slipway, "inspect-push") == 0


def test_a_claim_is_put_on_what_the_branch_is_and_not_on_what_was_said(slipway: Harness) -> None:
    """A payload is a hint: two pushes told late are one change."""
    slipway.outside.commit(FEATURE, {CODE: b"1"})
    newest = slipway.outside.commit(FEATURE, {CODE: b"2"})
    told(slipway, FEATURE, id_="one")
    told(slipway, FEATURE, id_="two")

    assert tip(slipway, FEATURE) == Tip(commit=newest, number=1, previous=None, sent=True)
