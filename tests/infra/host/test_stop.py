"""How the local host stops."""

from __future__ import annotations

import contextlib
import http.client
import threading
from datetime import timedelta
from pathlib import Path

import azure.functions as func

from tests.support.host import read_answer, running, wait_until

QUEUE = "slipway-events"


class Held:
    """A function app whose functions wait until they are let go."""

    def __init__(self) -> None:
        self.begun, self.go, self.ended = threading.Semaphore(0), threading.Event(), threading.Semaphore(0)
        self.app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

        @self.app.queue_trigger(arg_name="msg", queue_name=QUEUE, connection="Storage")
        def work(msg: func.QueueMessage) -> None:
            self._hold()

        @self.app.route(route="api/hold")
        def hold(req: func.HttpRequest) -> func.HttpResponse:
            self._hold()
            return func.HttpResponse("done")

    def _hold(self) -> None:
        self.begun.release()
        self.go.wait(60)
        self.ended.release()


def test_a_stop_lets_running_functions_end(tmp_path: Path) -> None:
    """A message that is worked on is deleted, a request is answered."""
    held = Held()
    with running(held.app, tmp_path) as host:
        host.queues.send(QUEUE, "x")
        with contextlib.closing(host.connect()) as connection:
            connection.request("GET", "/api/hold")
            for _ in range(2):
                assert held.begun.acquire(timeout=60)
            stopping = threading.Thread(target=host.host.stop)
            stopping.start()
            wait_until(lambda: _refuses(host.connect()))
            held.go.set()
            answer = read_answer(connection)
            stopping.join()

    assert (answer.status, answer.body, answer.headers["Connection"]) == (200, b"done", "close")
    assert host.queues.count(QUEUE) == 0


def test_a_stop_waits_for_a_message_that_is_worked_on(tmp_path: Path) -> None:
    """Its lease is not given back while there is time."""
    held = Held()
    with running(held.app, tmp_path) as host:
        host.queues.send(QUEUE, "x")
        assert held.begun.acquire(timeout=60)
        stopping = threading.Thread(target=host.host.stop)
        stopping.start()
        stopping.join(timeout=0.6)
        waited = stopping.is_alive()
        held.go.set()
        stopping.join()

    assert waited
    assert host.queues.count(QUEUE) == 0


def test_after_the_grace_time_the_lease_of_what_still_runs_is_given_back(tmp_path: Path) -> None:
    """Another host gets the message at once; what the first one's function ends with no longer counts."""
    held = Held()
    with running(held.app, tmp_path, grace=timedelta(0)) as host:
        host.queues.send(QUEUE, "x")
        assert held.begun.acquire(timeout=60)
    [again] = host.queues.receive(QUEUE, most=1, visibility=timedelta(minutes=1), wait=timedelta(0))

    held.go.set()

    assert held.ended.acquire(timeout=60)
    assert again.attempts == 2
    host.queues.delete(again)
    assert host.queues.count(QUEUE) == 0


def test_after_a_stop_nothing_is_received(tmp_path: Path) -> None:
    """A message sent afterwards stays where it is."""
    held = Held()
    with running(held.app, tmp_path) as host:
        pass

    host.queues.send(QUEUE, "x")

    [message] = host.queues.receive(QUEUE, most=1, visibility=timedelta(minutes=1), wait=timedelta(0))
    assert message.attempts == 1


def test_idle_connections_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    """They are closed."""
    with running(Held().app, tmp_path) as host:
        connection = host.connect()
        connection.request("GET", "/api/nothing")
        read_answer(connection)

    with contextlib.closing(connection):
        assert connection.sock.recv(1) == b""


def test_a_host_can_be_stopped_twice_and_its_app_started_again(tmp_path: Path) -> None:
    """The second host answers on a port of its own."""
    app = Held().app
    with running(app, tmp_path) as first:
        first.host.stop()

    with running(app, tmp_path) as second:
        assert second.call("GET", "/api/nothing").status == 404


def _refuses(connection: http.client.HTTPConnection) -> bool:
    with contextlib.closing(connection):
        try:
            connection.connect()
        except OSError:
            return True
        return False
