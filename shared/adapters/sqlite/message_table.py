"""The table `message`: what is written to it, as one row for each message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from shared.adapters.sqlite.leases import message_id
from shared.adapters.sqlite.schema import microseconds
from shared.adapters.sqlite.submission import Transaction
from shared.adapters.storage.leased_message import LeasedMessage
from shared.ports.store import OutboxRow

_INSERT = "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM message WHERE service = ? AND key = ?"
_PUT_OFF = "UPDATE message SET body = ?, delay = ?, visible_at = ? WHERE service = ? AND key = ?"
_PUT_BACK = "UPDATE message SET attempts = ?, delay = ?, visible_at = ? WHERE service = ? AND key = ?"
_MICROSECOND = timedelta(microseconds=1)


class MessageTable:
    """Writes in the transaction at hand. `now` is the time that is stored."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def insert(self, transaction: Transaction, made: Sequence[LeasedMessage], host: str | None) -> None:
        """Insert messages, leased to a host; to none, so that any host may claim them."""
        rows = [
            (*_place(one), one.queue, one.body, *self._times(one.delay), 0, host, one.reason or None) for one in made
        ]
        transaction.executemany(_INSERT, rows)

    def delete(self, transaction: Transaction, service: int, keys: Sequence[str]) -> bool:
        """Delete messages; return whether there was any."""
        return transaction.executemany(_DELETE, [(service, key) for key in keys]).rowcount > 0

    def put_off(self, transaction: Transaction, leased: LeasedMessage) -> bool:
        """Give a message this body and this delay; return whether it is there."""
        values = (leased.body, *self._times(leased.delay), *_place(leased))
        return transaction.execute(_PUT_OFF, values).rowcount > 0

    def put_back(self, transaction: Transaction, leased: LeasedMessage, attempts: int, delay: timedelta) -> None:
        """Note how often a message was delivered, and when it is to be delivered again."""
        transaction.execute(_PUT_BACK, (attempts, *self._times(delay), *_place(leased)))

    def _times(self, delay: timedelta) -> tuple[int, int]:
        """Return a delay, and the time at which it ends, as they are stored."""
        return delay // _MICROSECOND, microseconds(self._now() + delay)


def effect(service: int, row: OutboxRow, delay: timedelta) -> LeasedMessage:
    """Make the message that an effect's row is."""
    return LeasedMessage(
        id=message_id(service, row.key),
        queue=row.message.queue,
        body=row.message.body,
        delay=delay,
        service=str(service),
        key=row.key,
    )


def _place(leased: LeasedMessage) -> tuple[int, str]:
    return int(leased.service), leased.key
