"""Threads that take messages in turn: nobody is woken in vain, and nothing lies where somebody could take it."""

from __future__ import annotations

import threading
from datetime import timedelta

from shared.adapters.storage.leased_message import LeasedMessage
from shared.adapters.storage.message_leases import MessageLeases
from tests.support.host import wait_until

MINUTE = timedelta(minutes=1)
QUEUE = "slipway-build"
AT_ONCE = {QUEUE: 9, "slipway-deploy": 9}


class Hands:
    """Threads that take messages, each until it is told that it may end."""

    def __init__(self, delivery: MessageLeases) -> None:
        self._delivery = delivery
        self.taken: list[str] = []
        self.go = threading.Event()
        self._threads: list[threading.Thread] = []

    def join(self) -> None:
        """One more."""
        thread = threading.Thread(target=self._work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while not self._delivery.closed:
            message = self._delivery.take_any(AT_ONCE, visibility=MINUTE)
            if message is not None:
                self.taken.append(message.id)
                self.go.wait(60)

    def end(self) -> None:
        """Let all of them go home."""
        self.go.set()
        self._delivery.close()
        for thread in self._threads:
            thread.join()


def leased(id_: str, queue: str = QUEUE) -> LeasedMessage:
    """A message that can be seen at once."""
    return LeasedMessage(id=id_, queue=queue, body="")


def test_a_message_does_not_lie_while_somebody_is_idle() -> None:
    """One thread is out for long, and the watch wakes the other."""
    delivery = MessageLeases()
    hands = Hands(delivery)
    hands.join()
    hands.join()
    delivery.offer([leased("a")])
    wait_until(lambda: hands.taken == ["a"])
    delivery.offer([leased("b", "slipway-deploy")])
    wait_until(lambda: hands.taken == ["a", "b"])
    hands.end()


def test_more_hands_are_called_for_where_everybody_is_out() -> None:
    """And only there: whoever joins takes what lies."""
    delivery = MessageLeases()
    hands = Hands(delivery)
    delivery.on_need(hands.join)
    hands.join()
    delivery.offer([leased(str(number)) for number in range(4)])

    wait_until(lambda: len(hands.taken) == 4)
    assert sorted(hands.taken) == ["0", "1", "2", "3"]
    hands.end()


def test_a_message_that_comes_later_is_taken_when_it_can_be_seen() -> None:
    """By whoever waits; nobody has to ask at the right moment."""
    delivery = MessageLeases()
    hands = Hands(delivery)
    hands.go.set()
    hands.join()
    delivery.offer([LeasedMessage(id="later", queue=QUEUE, body="", delay=timedelta(milliseconds=30))])

    wait_until(lambda: hands.taken == ["later"])
    hands.end()


def test_who_rests_beside_a_busy_thread_helps_when_that_one_is_kept_waiting() -> None:
    """Short work keeps one thread busy and the other at rest; then it takes what does not end."""
    delivery, go = MessageLeases(), threading.Event()
    taken: list[str] = []

    def work() -> None:
        while not delivery.closed:
            message = delivery.take_any(AT_ONCE, visibility=MINUTE)
            if message is None:
                continue
            taken.append(message.id)
            if message.id == "endless":
                go.wait(60)
            sum(range(20_000))
            delivery.settle(message)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    delivery.offer([*(leased(f"short {number}") for number in range(60)), leased("endless"), leased("last")])

    wait_until(lambda: "last" in taken)
    assert len(taken) == 62
    go.set()
    delivery.close()
    for thread in threads:
        thread.join()
