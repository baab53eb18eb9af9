"""Names of things: services, environments, people, digests."""

from __future__ import annotations

import re

from shared.domain.values.errors import InvalidValue

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


class Value:
    """What is one text wherever it is written, and equal to another of its kind with the same text; it cannot be changed.

    It is no record: the library would write its fields.
    """

    __slots__ = ("text",)
    text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "text", text)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed; make a new one")

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        # A copy is made anew: nothing may set its fields.
        return type(self), (self.text,)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"


class ServiceKey(Value):
    """A service of a repository; everything of one service lies in one partition under this key."""

    __slots__ = ("repository", "service")
    repository: str
    service: str

    def __init__(self, repository: str, service: str) -> None:
        if _REPOSITORY.fullmatch(repository) is None:
            raise InvalidValue("repository", f"{repository!r} is not a repository's name")
        super().__init__(f"{repository}~{checked_name('service', service)}")
        object.__setattr__(self, "repository", repository)
        object.__setattr__(self, "service", service)

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return ServiceKey, (self.repository, self.service)

    @staticmethod
    def parse(text: str) -> ServiceKey:
        """Return the key that `str` made a text of; raise InvalidValue."""
        repository, _, service = text.partition("~")
        return ServiceKey(repository, service)

    def __lt__(self, other: ServiceKey) -> bool:
        return (self.repository, self.service) < (other.repository, other.service)


class Digest(Value):
    """A content address, `sha256:` and 64 hexadecimal digits."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        if _DIGEST.fullmatch(text) is None:
            raise InvalidValue("digest", f"{text!r} is not a sha256 digest")
        super().__init__(text)

    @property
    def short(self) -> str:
        """The first twelve hexadecimal digits, for people."""
        return self.text[7:19]
