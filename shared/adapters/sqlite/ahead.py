"""Effects that only look, handed over before the commit of the decision that asks for them.

Nothing outside shows that they were performed. What they lead to is committed together with that decision, or lost with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.sqlite.submission import Handling, Transaction
from shared.adapters.storage.leased_message import LeasedMessage
from shared.adapters.storage.message_leases import MessageLeases


class Ahead:
    """Knows which messages are ahead of their commit and not taken yet."""

    def __init__(self, delivery: MessageLeases) -> None:
        self._delivery = delivery
        self._handlings: dict[str, Handling] = {}

    def hand_over(self, transaction: Transaction, messages: Sequence[LeasedMessage]) -> None:
        """Hand these over as soon as the decision is written; take them back where it is lost."""
        handlings = {one.id: Handling(pending=True) for one in messages}

        def offer() -> None:
            self._handlings.update(handlings)
            self._delivery.offer(messages)

        def committed() -> None:
            for id_ in handlings:
                self.taken(id_)

        def lost() -> None:
            self._delivery.forget(handlings)
            committed()

        transaction.handlings.update(handlings.values())
        transaction.written.append(offer)
        transaction.afterwards.append(committed)
        transaction.undone.append(lost)

    def taken(self, id_: str) -> Handling | None:
        """Return what a message's work is kept or lost with, now that somebody works on it; None if it is not ahead."""
        return self._handlings.pop(id_, None)

    def __contains__(self, id_: str) -> bool:
        """Whether a message is ahead and not taken yet."""
        return id_ in self._handlings
