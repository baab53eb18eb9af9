"""Messages that kill their host."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import azure.functions as func

from infra.local.host.in_hand import InHand
from tests.contracts.memory.queues import MemoryQueues
from tests.support.deadly_host import INNOCENT, KILL, POISON, QUEUE, read_lines, run_host
from tests.support.host import Clock, new_queues, running, wait_until

NOW = timedelta(0)


def test_a_message_that_kills_its_host_again_and_again_ends_in_poison(tmp_path: Path) -> None:
    """Attack: a host that dies at each start, for ever. After five deaths it lives; who was in hand with it is done.

    Done at least once: an acknowledgement may die with the host.
    """
    ended: list[int] = []
    while not ended or (ended[-1] and len(ended) < 9):
        ended.append(run_host(tmp_path, len(ended)))

    assert [code != 0 for code in ended] == [*[True] * 5, False]
    assert set(read_lines(tmp_path / "done")) == set(INNOCENT)
    assert read_lines(tmp_path / "poison") == [
        f"{KILL}: the host died 5 times while work worked on it, the last time on nothing else"
    ]


def app_of(queue: str, got: list[str]) -> func.FunctionApp:
    """An app with one function, which remembers what it got."""
    app = func.FunctionApp()

    @app.queue_trigger(arg_name="msg", queue_name=queue, connection="Storage")
    def work(msg: func.QueueMessage) -> None:
        got.append(msg.get_body().decode())

    return app


def killed_five(queue: str, folder: Path, clock: Clock) -> MemoryQueues:
    """Queues with a message that five hosts died of, and another one."""
    queues = new_queues(clock)
    queues.send(queue, "deadly")
    queues.send(queue, "other")
    found = queues.receive(queue, most=2, visibility=timedelta(minutes=1), wait=NOW)
    for _ in range(5):
        InHand(folder / "in-hand", 5).begin(found[0])
    for message in found:
        queues.release(message, delay=NOW)
    InHand(folder / "in-hand", 5).close()
    return queues


def test_what_five_hosts_died_of_is_not_given_to_a_function_any_more(tmp_path: Path) -> None:
    """It goes to poison before anybody takes it."""
    got: list[str] = []
    queues = killed_five(QUEUE, tmp_path, Clock())

    with running(app_of(QUEUE, got), tmp_path, messages=queues, in_hand=tmp_path / "in-hand"):
        wait_until(lambda: queues.count(POISON) == 1 and queues.count(QUEUE) == 0)

    assert got == ["other"]
    [reason] = queues.reasons.values()
    assert reason.startswith("the host died 5 times while work worked on it")


def test_what_kills_hosts_from_a_poison_queue_is_left_alone_for_an_hour(tmp_path: Path) -> None:
    """There is no poison of poison: the host lives in between, and the message is not lost."""
    got: list[str] = []
    clock = Clock()
    queues = killed_five(POISON, tmp_path, clock)

    with running(app_of(POISON, got), tmp_path, messages=queues, in_hand=tmp_path / "in-hand"):
        wait_until(lambda: queues.count(POISON) == 1, clock=clock, step=1)

    clock.advance(minutes=10)
    assert not queues.receive(POISON, most=1, visibility=NOW, wait=NOW)
    clock.advance(hours=1)
    [left] = queues.receive(POISON, most=1, visibility=NOW, wait=NOW)
    assert (got, left.body) == (["other"], "deadly")
