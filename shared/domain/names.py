"""Names of things: services, environments, people, digests."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.domain.errors import InvalidValue
from shared.domain.mails import is_exact_mail

NAME_PATTERN = r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?"
DIGEST_PATTERN = r"sha256:[0-9a-f]{64}"
REPOSITORY_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
# Of people, groups and tenants in a directory.
OBJECT_ID_PATTERN = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NAME, _DIGEST, _REPOSITORY, _OBJECT_ID = (
    re.compile(pattern) for pattern in (NAME_PATTERN, DIGEST_PATTERN, REPOSITORY_PATTERN, OBJECT_ID_PATTERN)
)


def valid_name(text: str) -> bool:
    """Whether a service or an environment may be called this."""
    return _NAME.fullmatch(text) is not None


def is_object_id(text: str) -> bool:
    """Whether this is an id of a directory, and no name."""
    return _OBJECT_ID.fullmatch(text) is not None


def checked_name(field: str, text: str) -> str:
    """Return the name, or raise InvalidValue with its field."""
    if not valid_name(text):
        raise InvalidValue(field, f"{text!r} is not a name: lower-case letters, digits and inner hyphens, 40 at most")
    return text


@dataclass(frozen=True, slots=True, order=True)
class ServiceKey:
    """A service of a repository; everything of one service lies in one partition under this key."""

    repository: str
    service: str

    def __post_init__(self) -> None:
        if _REPOSITORY.fullmatch(self.repository) is None:
            raise InvalidValue("repository", f"{self.repository!r} is not a repository's name")
        checked_name("service", self.service)

    def __str__(self) -> str:
        return f"{self.repository}~{self.service}"


@dataclass(frozen=True, slots=True)
class Digest:
    """A content address, `sha256:` and 64 hexadecimal digits."""

    text: str

    def __post_init__(self) -> None:
        if _DIGEST.fullmatch(self.text) is None:
            raise InvalidValue("digest", f"{self.text!r} is not a sha256 digest")

    def __str__(self) -> str:
        return self.text

    @property
    def short(self) -> str:
        """The first twelve hexadecimal digits, for people."""
        return self.text[7:19]


@dataclass(frozen=True, slots=True)
class Person:
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
