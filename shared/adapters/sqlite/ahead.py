"""Effects that only look, handed over before the commit of the decision that asks for them.

Nothing outside shows that they were performed. What they lead to is committed together with that decision, or lost with it:
until the commit a message has its `handling`, and so has everybody who is given it.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.sqlite.submission import Transaction
from shared.adapters.storage.handling import Handling
from shared.adapters.storage.leased_message import LeasedMessage
from shared.adapters.storage.message_leases import MessageLeases


def hand_over(delivery: MessageLeases, transaction: Transaction, messages: Sequence[LeasedMessage]) -> None:
    """Hand these over as soon as the decision is written; take them back where it is lost."""
    for one in messages:
        one.handling = Handling(pending=True)
        transaction.handlings.add(one.handling)

    def committed() -> None:
        for one in messages:
            one.handling = None

    def lost() -> None:
        delivery.forget([one.id for one in messages])

    transaction.written.append(lambda: delivery.offer(messages))
    transaction.afterwards.append(committed)
    transaction.undone.append(lost)
