"""Microsoft's worker takes function_app.py as it is, and every function runs in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functions.test_openapi import READS, WRITES, by_name
from tests.support.api_document import fault_in
from tests.support.host import Answer
from tests.support.worker.platform import Platform
from tests.support.worker.running import Result, Worker
from tests.support.worker.scene import Scene, ask, occasions, registered, run

FUNCTIONS = registered()
OTHERS = [
    (name, occasion)
    for name, trigger in FUNCTIONS.items()
    if trigger["type"] != "httpTrigger"
    for occasion in occasions(trigger)
]


def answered(result: Result) -> Answer:
    """An HTTP answer as a caller of the local host would see it."""
    headers = {"-".join(part.capitalize() for part in name.split("-")): value for name, value in result.headers.items()}
    return Answer(status=result.status, headers=headers, body=result.body)


def test_the_worker_indexes_exactly_the_functions_of_the_app(platform: Platform) -> None:
    """With their triggers; nothing is dropped, and nothing is there twice."""
    assert platform.worker.functions.keys() == FUNCTIONS.keys()
    for name, function in platform.worker.functions.items():
        assert function.trigger["type"] == FUNCTIONS[name]["type"]


def test_every_function_is_brought_to_run_here() -> None:
    """One with a kind of trigger that nothing here knows would fail below; one of HTTP needs an address."""
    assert {name for name, one in FUNCTIONS.items() if one["type"] == "httpTrigger"} == READS.keys() | WRITES.keys()


@pytest.mark.parametrize("name", READS)
def test_a_read_is_answered(platform: Platform, name: str) -> None:
    """As the document says."""
    result = ask(platform, FUNCTIONS[name], READS[name])

    assert result.error == ""
    assert result.status == 200, result.body
    assert fault_in(answered(result), *by_name()[name]) == ""


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_done(fresh: Platform, scene: Scene, name: str) -> None:
    """By a person who may, or by a hook with its secret."""
    path, body, status = WRITES[name]
    address = path.format(request=scene.request) if "{request}" in path else path

    result = ask(fresh, FUNCTIONS[name], address, body)

    assert result.error == ""
    assert result.status == status, result.body
    assert fault_in(answered(result), *by_name()[name]) == ""


@pytest.mark.parametrize(("name", "occasion"), OTHERS)
def test_what_no_request_calls_runs_to_its_end(platform: Platform, name: str, occasion: str) -> None:
    """A message of ours for each queue, its time for each timer, an event in each schema."""
    assert run(platform, name, FUNCTIONS[name], occasion).error == ""


@pytest.mark.parametrize("kind", ["blobTrigger", "serviceBusTrigger"])
def test_a_kind_of_trigger_that_nothing_brings_to_run_is_seen(platform: Platform, kind: str) -> None:
    """A function that no test runs would pass them all."""
    with pytest.raises(LookupError, match=kind):
        run(platform, "new", {"type": kind}, "")


def test_a_worker_that_was_kept_ready_becomes_the_apps(scene: Scene, tmp_path: Path) -> None:
    """Its environment comes with the app, after azure.functions was loaded."""
    (tmp_path / "empty").mkdir()
    with Worker(scene.copy(tmp_path / "copy").settings, empty=tmp_path / "empty") as worker:
        result = ask(Platform(worker), FUNCTIONS["get_service"], READS["get_service"])

        assert worker.functions.keys() == FUNCTIONS.keys()
        assert result.status == 200


def test_a_message_that_nobody_can_read_fails_so_that_the_host_counts_it(platform: Platform) -> None:
    """The fifth time it goes to poison, which is the host's to do: the function only has to fail."""
    result = platform.deliver("slipway-events", '{"type": "nothing"}')

    assert "UnreadableRecord" in result.error
