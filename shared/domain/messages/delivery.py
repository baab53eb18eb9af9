"""How a message came: what goes with it from the queue to the decision, and from the decision to what it sends."""

from __future__ import annotations

from shared.domain.values.records import Record, replace


class Delivery(Record):
    """What goes with an event or an effect, and is no part of it.

    `correlation` goes from a message to all that it leads to; empty where it begins something.
    `tries` counts how often an effect was put off since something was out of reach.
    `effect_number` is the outbox number of an effect, and of the event that reports it; it rises with every effect of a
    service. 0: there is none.
    `worker` took the message from its queue. The queue says who that is; what the message says of it is never believed.
    `redelivered`: the queue delivered this message before, or the one that it was put back as. Whoever had it may have
    died, or lost sight of storage, before it sent what it had decided.
    """

    correlation: str = ""
    tries: int = 0
    effect_number: int = 0
    worker: str = ""
    redelivered: bool = False

    def taken(self, worker: str, *, redelivered: bool) -> Delivery:
        """Return what a worker was given; `redelivered` is what the queue says."""
        return replace(self, worker=worker, redelivered=redelivered or self.redelivered)

    def reported(self) -> Delivery:
        """Return what goes with the report of an effect. That is a message of its own, which nobody has had yet."""
        return Delivery(correlation=self.correlation, effect_number=self.effect_number)

    def put_back(self) -> Delivery:
        """Return what goes with a message that is put back because storage was out of reach: that uses up no try."""
        return replace(self, worker="", redelivered=True)

    def put_off(self, tries: int) -> Delivery:
        """Return what goes with an effect that is looked at later; one that was tried in vain may have written something."""
        return replace(self, worker="", tries=tries, redelivered=tries > 0)
