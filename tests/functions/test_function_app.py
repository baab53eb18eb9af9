"""What the Functions app registers, and that its queues and its timer do what they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

import function_app
from functions.workers import name_of
from infra.local.host.functions import read_functions
from infra.local.host.host_json import read_host_json
from shared.domain.messages.queues import PRODUCTION, QUEUES
from shared.domain.values.errors import InvalidValue
from tests.support.app_parts import Harness
from tests.support.clock import NOON
from tests.support.doors import HOOK_SECRET, open_doors
from tests.support.host import wait_until
from tests.support.payloads import changed
from tests.support.tree import ROOT


def names(*roles: str) -> set[str]:
    """The functions of some roles."""
    return {str(one.get_function_name()) for one in function_app.make(frozenset(roles)).get_functions()}


def test_each_role_has_its_functions_and_without_roles_there_are_all() -> None:
    """Control decides, the workers act; none belongs to two."""
    control, nonprod, production = names("control"), names("nonprod"), names("production")

    assert names() == names("control", "nonprod", "production") == control | nonprod | production
    assert len(names()) == len(control) + len(nonprod) + len(production)
    assert {
        "git_pushed",
        "registry_changed",
        "event_worker",
        "inspect_push",
        "people",
        "tick",
        "show_overview",
    } <= control
    assert {"build", "quick", "deploy"} <= nonprod


def test_productions_worker_does_nothing_but_act_on_production() -> None:
    """What reads or builds other people's content runs where production's identity is not."""
    found = read_functions(function_app.make(frozenset({PRODUCTION})), {}, read_host_json(ROOT / "host.json"), NOON)

    own = sorted(queue.name for queue in QUEUES.values() if queue.worker == PRODUCTION)
    assert sorted(str(one.trigger["queueName"]) for one in found.queues) == own
    assert (found.http, found.timers, found.events) == ((), (), ())


def test_an_unknown_role_is_refused_with_those_there_are() -> None:
    """An app without functions would look healthy."""
    with pytest.raises(InvalidValue, match="known are: control, nonprod, production"):
        function_app.make(frozenset({"contol"}))


def test_every_queue_that_is_written_has_one_function() -> None:
    """An effect that nobody takes would wait for ever. A poison queue has none: it would be looked at for ever.

    They listen with a connection of their own: the host's storage holds its locks and keys.
    """
    found = read_functions(function_app.make(frozenset()), {}, read_host_json(ROOT / "host.json"), NOON)

    assert sorted(str(one.trigger["queueName"]) for one in found.queues) == sorted(QUEUES)
    assert {one.name: one.trigger["queueName"] for one in found.queues} == {name_of(queue): queue for queue in QUEUES}
    assert {one.trigger["connection"] for one in found.queues} == {"SlipwayStorage"}


@pytest.mark.parametrize("slipway", ["memory", "sqlite"], indirect=True)
def test_the_functions_alone_bring_a_push_to_production(slipway: Harness, tmp_path: Path) -> None:
    """Through every queue, by the local host's threads."""
    ref, change = "refs/heads/release/delivery/v1.0.0", {"src/shipping/delivery/version": b"1.0.0"}
    told = changed("git-hook", "refs", 0, "after", to=slipway.outside.commit(ref, change))
    with open_doors(slipway, tmp_path, receiver=slipway.receiver) as doors:
        doors.hook("/api/hooks/git", told, {"X-Slipway-Secret": HOOK_SECRET})
        wait_until(lambda: slipway.outside.people.open)
        url = f"/api/services/delivery/approvals/{slipway.request()}"
        answer = doors.send("POST", url, {"decision": "approve"}, who="rita")
        wait_until(lambda: slipway.live("production") == "1.0.0")

    assert answer.status == 200
    assert slipway.release("1.0.0").phase == "Released"


def test_the_tick_makes_up_for_a_push_that_nobody_told(slipway: Harness, tmp_path: Path) -> None:
    """It compares the branches' tips."""
    slipway.outside.commit("refs/heads/release/delivery/v1.0.0", {"src/shipping/delivery/version": b"1.0.0"})
    with open_doors(slipway, tmp_path) as doors:
        doors.host.host.run_now("tick")
        slipway.pump()

    assert slipway.live("qa") == "1.0.0"
