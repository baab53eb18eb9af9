"""Approvers who are named are pinned to ids of the directory when a configuration is put in force."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.entra.graph import GraphDirectory
from shared.adapters.storage.message_leases import running_time
from shared.app.hook_events.configuration import configuration, policy_in_force
from shared.app.hook_events.inspect_push import inspect_push
from shared.domain.drafts.decision import Outcome
from shared.domain.gating.approval import who_may
from shared.domain.messages import events as ev
from shared.domain.policies.policy import ApprovalRule
from shared.domain.policies.policy_digest import policy_digest
from shared.domain.values.person import Person
from shared.ports.errors import Transient
from shared.ports.statuses import CommitState
from tests.support.app_parts import Harness, make_app
from tests.support.entra_stand_in import EntraStandIn, Human, entra_stand_in, object_id
from tests.support.outside import MAIN, RITA, SHIPPING, SLIPWAY_YAML

MANAGERS = object_id("managers")
MAIL = RITA.mails[0]
HUMAN = Human(name="Rita Manager", mail=MAIL)
LINE = next(n for n, line in enumerate(SLIPWAY_YAML.splitlines(), 1) if "approvers" in line)
WRITTEN = f'["{MAIL}", "group:release-managers"]'


@pytest.fixture
def entra() -> Iterator[EntraStandIn]:
    """A directory with Rita and the group of release managers."""
    with entra_stand_in() as opened:
        opened.people.append(HUMAN)
        opened.groups[MANAGERS] = "Release-Managers"
        yield opened


@pytest.fixture
def slipway(tmp_path: Path, entra: EntraStandIn) -> Harness:
    """One that has not read the repository yet."""
    directory = GraphDirectory(entra.url, entra.credential, elapsed=running_time)
    return make_app("memory", tmp_path).wrap(directory=directory)


def push(slipway: Harness, approvers: str) -> str:
    """Push a configuration with these approvers for production, and have it inspected."""
    yaml = SLIPWAY_YAML.replace(WRITTEN, approvers).encode()
    commit = slipway.outside.commit(MAIN, {"slipway.yaml": yaml})
    inspect_push(slipway.app, ev.PushReceived(id="p", repository=SHIPPING, ref=MAIN))
    return commit


def rule(slipway: Harness) -> ApprovalRule:
    """The rule of production that is in force."""
    policy = policy_in_force(slipway.app, SHIPPING)
    assert policy is not None
    for one in policy.services:
        assert one.digest == policy_digest(one)
    [found] = {one.environments[1].approval for one in policy.services}
    assert found is not None
    assert policy.services[0].environments[0].approval is None
    return found


def faults(slipway: Harness) -> tuple[str, ...]:
    """What is wrong with the file that was read last."""
    found = configuration(slipway.app, SHIPPING)
    assert found is not None
    return found.faults


def test_names_are_pinned_for_every_service_and_shown_as_they_are_written(
    slipway: Harness, entra: EntraStandIn
) -> None:
    """The directory is asked once for each of them."""
    slipway.start()

    assert rule(slipway).pinned == ((MAIL, HUMAN.id), ("group:release-managers", MANAGERS))
    assert who_may(rule(slipway)) == f"1 of {MAIL}, group release-managers, not the author"
    assert len(entra.seen) == 2


def test_an_approver_is_who_has_the_id(slipway: Harness) -> None:
    """Attack: get the mail of an approver. Defence: it is not the mail that counts any more."""
    slipway.start().push_release("1.0.0")
    slipway.pump()
    other = slipway.answer(Person(id=object_id("other"), name="New", mails=RITA.mails))
    member = slipway.answer(Person(id="m", name="Member", mails=("m@example.com",)), groups=("release-managers",))
    same = slipway.answer(Person(id=HUMAN.id, name="Rita", mails=("rita@example.com",)))

    assert [(one.outcome, one.code) for one in (other, member)] == [(Outcome.REFUSED, "not-an-approver")] * 2
    assert same.outcome is Outcome.MOVED


def test_a_name_that_the_directory_does_not_know_is_a_fault_at_its_line(slipway: Harness) -> None:
    """The last good file stays in force."""
    slipway.start()
    good = rule(slipway)
    commit = push(slipway, '["nobody@example.com", "group:nothing"]')

    assert faults(slipway) == (
        f"slipway.yaml:{LINE}: environments.production.approval.approvers[0]: "
        "the directory knows no person of the name nobody@example.com",
        f"slipway.yaml:{LINE}: environments.production.approval.approvers[1]: "
        "the directory knows no group of the name nothing",
    )
    assert slipway.statuses(commit)["slipway/config"].state is CommitState.FAILED
    assert rule(slipway) == good


def test_a_name_of_several_does_not_say_who_is_meant(slipway: Harness, entra: EntraStandIn) -> None:
    """Attack: make a second group of that name. Defence: an id has to be written, and a pinned name stays pinned."""
    entra.groups |= {object_id("b1"): "Twice", object_id("b2"): "Twice"}
    entra.people += [Human(name="B1", mail="twice@example.com"), Human(name="B2", mail="twice@example.com")]
    slipway.start()
    entra.groups[object_id("forged")] = "release-managers"
    push(slipway, '["group:release-managers"]')
    assert rule(slipway).pinned == (("group:release-managers", MANAGERS),)
    push(slipway, '["twice@example.com", "group:Twice"]')

    assert "twice@example.com is the name of more than one person; write the id of one" in faults(slipway)[0]
    assert "Twice is the name of more than one group; write group:<id> of one of" in faults(slipway)[1]


def test_an_id_is_taken_as_it_is(slipway: Harness, entra: EntraStandIn) -> None:
    """Nothing is looked up, nothing pinned."""
    push(slipway, f'["{HUMAN.id}", "group:{MANAGERS}"]')

    assert rule(slipway).pinned == ()
    assert rule(slipway).approvers == (HUMAN.id, f"group:{MANAGERS}")
    assert entra.seen == []


def test_a_pinned_name_stays_pinned_while_it_stands_in_the_file(slipway: Harness, entra: EntraStandIn) -> None:
    """Attack: get an approver's mail, and wait for the next push. Defence: a name is looked up when it is written anew."""
    slipway.start()
    entra.people[:] = [Human(name="Somebody New", mail=MAIL)]
    entra.seen.clear()
    push(slipway, f'["{MAIL}"]')
    kept, asked = rule(slipway).pinned, len(entra.seen)
    push(slipway, f'["{HUMAN.id}"]')
    push(slipway, f'["{MAIL}"]')

    assert (kept, asked) == (((MAIL, HUMAN.id),), 0)
    assert rule(slipway).pinned == ((MAIL, object_id("Somebody New")),)


def test_while_the_directory_is_out_of_reach_the_push_is_tried_again(slipway: Harness, entra: EntraStandIn) -> None:
    """Nothing is put in force half."""
    entra.failing["/users"] = (503, {})

    with pytest.raises(Transient):
        push(slipway, WRITTEN)
    assert policy_in_force(slipway.app, SHIPPING) is None
    entra.failing.clear()
    inspect_push(slipway.app, ev.PushReceived(id="p", repository=SHIPPING, ref=MAIN))
    assert rule(slipway).pinned


def test_a_directory_that_refuses_us_shows_where_the_file_is_read(slipway: Harness, entra: EntraStandIn) -> None:
    """Who set it up reads it there; a push is not tried for ever."""
    entra.failing["/groups"] = (403, {})
    push(slipway, WRITTEN)

    [fault] = faults(slipway)
    assert "group:release-managers cannot be looked up: Microsoft Graph answered 403" in fault


def test_without_a_directory_what_is_written_counts(slipway: Harness) -> None:
    """The local host has none."""
    slipway.wrap(directory=None).start()

    assert rule(slipway).pinned == ()
