"""Messages beyond what a queue holds, over every store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.storage.by_reference import LargeMessages
from shared.codec.envelope import encode_event, referred_to
from shared.codec.errors import UnreadableRecord
from shared.domain.messages.events import PushReceived
from tests.support.clock import NOON
from tests.support.stores import ALL, SERVICE, Opened, a_message, a_write, always, opened, receive_one

QUEUE = "slipway-deploy"
LIMIT = 65_536


@pytest.fixture(params=ALL)
def fixture(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """An empty store of each kind."""
    with opened(request.param, tmp_path) as found:
        yield found


def of_size(size: int) -> str:
    """Build a message of so many bytes."""
    small = encode_event(PushReceived(id="p", repository="é", ref="r"), correlation="c", at=NOON)
    length = size - len(small.encode()) + 1
    return encode_event(PushReceived(id="p", repository="é", ref="r" * length), correlation="c", at=NOON)


def test_what_fits_is_sent_as_it_is_and_what_does_not_by_reference(fixture: Opened) -> None:
    """At the limit and one byte past it."""
    queues = LargeMessages(fixture.queues, fixture.evidence)
    fits, too_large = of_size(LIMIT), of_size(LIMIT + 1)
    assert (len(fits.encode()), len(too_large.encode())) == (LIMIT, LIMIT + 1)

    queues.send(QUEUE, fits)
    first = receive_one(fixture.queues)
    queues.send(QUEUE, too_large)
    second = receive_one(fixture.queues)

    assert (first.body, referred_to(first.body)) == (fits, None)
    sha256 = referred_to(second.body)
    assert sha256 is not None
    assert fixture.evidence.get(sha256).decode() == too_large


def test_what_is_too_large_only_as_a_queue_holds_it_goes_by_reference(fixture: Opened) -> None:
    """Attack: a branch name of characters that no XML can hold takes twice its bytes there."""
    ref = "\uffff" * 15_000
    message = encode_event(PushReceived(id="p", repository="x", ref=ref), correlation="c", at=NOON)
    assert len(message.encode()) < LIMIT

    LargeMessages(fixture.queues, fixture.evidence).send(QUEUE, message)

    sha256 = referred_to(receive_one(fixture.queues).body)
    assert sha256 is not None
    assert fixture.evidence.get(sha256).decode() == message


def test_what_is_no_message_of_ours_is_refused(fixture: Opened) -> None:
    """Nobody could tell whose it is."""
    with pytest.raises(UnreadableRecord):
        LargeMessages(fixture.queues, fixture.evidence).send(QUEUE, "x" * (LIMIT + 1))


def test_an_outbox_is_sent_as_it_is(fixture: Opened) -> None:
    """Its rows are no larger than messages; what is put off is sent as it is too."""
    queues = LargeMessages(fixture.queues, fixture.evidence)
    [row] = fixture.store.transact(SERVICE, "e1", always(a_write(outbox=[a_message("one")]))).outbox
    queues.send_outbox(SERVICE, [row])
    message = receive_one(fixture.queues)
    queues.put_off(SERVICE, row, delay=timedelta(0))
    fixture.queues.delete(message)

    assert (message.body, receive_one(fixture.queues).body) == ("one", "one")
