"""What the Functions app registers, and that its queues and its timer do what they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

import function_app
from functions.poisoned import NAME as POISONED
from infra.local.host.functions import read_functions
from infra.local.host.host_json import read_host_json
from shared.domain.effects import EVENTS_QUEUE, KINDS, queue_of, queues
from shared.domain.errors import InvalidValue
from tests.support.app_parts import Harness
from tests.support.doors import HOOK_SECRET, open_doors
from tests.support.host import wait_until
from tests.support.payloads import changed
from tests.support.stores import NOON
from tests.support.tree import ROOT


def names(*roles: str) -> set[str]:
    """The functions of some roles."""
    return {str(one.get_function_name()) for one in function_app.make(frozenset(roles)).get_functions()}


def test_each_role_has_its_functions_and_without_roles_there_are_all() -> None:
    """Control decides, a worker acts; none belongs to both."""
    assert names() == names("control", "worker") == names("control") | names("worker")
    assert names("control") & names("worker") == set()
    assert {"git_pushed", "event_worker", "tick", "show_overview"} <= names("control")
    assert {"inspect_push", "build", "deploy"} <= names("worker")


def test_an_unknown_role_is_refused_with_those_there_are() -> None:
    """An app without functions would look healthy."""
    with pytest.raises(InvalidValue, match="known are: control, worker"):
        function_app.make(frozenset({"contol"}))


def test_every_trigger_file_is_registered() -> None:
    """A file that was forgotten in the list would never run."""
    helpers = {"__init__", "answers", "asking", "choosing", "described", "doors", "writes", "answer"}
    files = {path.stem for path in (ROOT / "functions").rglob("*.py")} - helpers
    poison = {one for one in names() if one.startswith(POISONED)}

    assert names() - poison == files - {"poisoned"}


def test_every_queue_that_is_written_has_one_function() -> None:
    """An effect that nobody takes would wait for ever."""
    found = read_functions(function_app.make(frozenset()), {}, read_host_json(ROOT / "host.json"), NOON)

    read = sorted(str(one.trigger["queueName"]) for one in found.queues)
    written = [EVENTS_QUEUE, queue_of("inspect-push"), *(queue_of(kind) for kind in KINDS)]
    assert sorted(queues()) == sorted(written)
    assert read == sorted([*written, *(f"{one}-poison" for one in written)])
    assert {one.trigger["connection"] for one in found.queues} == {"AzureWebJobsStorage"}
    assert [(one.name, one.trigger["schedule"]) for one in found.timers] == [("tick", "0 * * * * *")]


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
