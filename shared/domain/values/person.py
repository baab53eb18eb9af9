"""Somebody: who pushed, answered, asked."""

from __future__ import annotations

from shared.domain.values.mails import is_exact_mail
from shared.domain.values.records import Record


class Person(Record, kw_only=False):
    """Somebody who did something: an identity's id, a name to show, and the mails that commits use."""

    id: str
    name: str
    mails: tuple[str, ...] = ()

    def folded_mails(self) -> frozenset[str]:
        """Mails as they are compared: without regard to case."""
        return frozenset(mail.casefold() for mail in self.mails)

    def exact_mails(self) -> frozenset[str]:
        """The same of those that let somebody in: what else becomes equal by being compared may be somebody else's."""
        return frozenset(mail.casefold() for mail in self.mails if is_exact_mail(mail))

    def is_same(self, other: Person) -> bool:
        """Whether two identities are one person: the same id, or a mail in common."""
        return self.id == other.id or bool(self.folded_mails() & other.folded_mails())


SLIPWAY = Person(id="slipway", name="Slipway")
