"""The people the local host knows, each with a key; Entra ID has this part in production."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from uuid import uuid4

from infra.local.host.errors import HostRefused

_PRIVATE = 0o600
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPerson:
    """A person, as Entra ID would describe them, and the SHA-256 of the key that proves it is them.

    The key itself is known where it was made, and nowhere else: it is empty for a person who was read from a file. A key is
    256 random bits, so that its plain hash tells nothing.
    """

    id: str
    name: str
    mails: tuple[str, ...]
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    key: str = field(default="", repr=False, compare=False)
    key_sha256: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.key:
            object.__setattr__(self, "key_sha256", _hash(self.key))


def new_person(
    name: str, *, mails: Iterable[str], groups: Iterable[str] = (), roles: Iterable[str] = ()
) -> LocalPerson:
    """Make a person with a fresh id and key."""
    return LocalPerson(
        id=str(uuid4()),
        name=name,
        mails=tuple(mails),
        groups=tuple(groups),
        roles=tuple(roles),
        key=secrets.token_urlsafe(32),
    )


def with_new_key(person: LocalPerson) -> LocalPerson:
    """The same person with another key; the one before proves nothing any more."""
    return replace(person, key=secrets.token_urlsafe(32))


class LocalPeople:
    """The people of one local host."""

    def __init__(self, people: Iterable[LocalPerson] = ()) -> None:
        self._people = tuple(people)
        if any(not _HASH.fullmatch(person.key_sha256) or "." in person.key for person in self._people):
            # A bearer token with dots is somebody else's JWT; see the door.
            raise HostRefused(["a person has no key, or one that holds a dot; make it with new_person"])
        if len({person.key_sha256 for person in self._people}) < len(self._people):
            raise HostRefused(["two people have the same key; remove one of them from people.json"])

    def __iter__(self) -> Iterator[LocalPerson]:
        return iter(self._people)

    def by_key(self, key: str) -> LocalPerson | None:
        """Return whose key it is; takes equally long for every wrong key."""
        found, shown = None, _hash(key)
        for person in self._people:
            if hmac.compare_digest(person.key_sha256, shown):
                found = person
        return found

    @classmethod
    def load(cls, file: Path) -> LocalPeople:
        """Read people.json; raise HostRefused where others may read it or it is not in the form `save` writes."""
        try:
            if stat.S_IMODE(file.stat().st_mode) & 0o077:
                raise HostRefused([f"{file} says who may what, and others may read it; run chmod 600 on it"])
            return cls(_person(entry) for entry in json.loads(file.read_text(encoding="utf-8"))["people"])
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise HostRefused([f"{file} cannot be read as people: {error!r}; delete it to start anew"]) from error

    def save(self, file: Path) -> None:
        """Write people.json without anybody's key, readable by its owner only, all of it or nothing."""
        beside = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        content = json.dumps({"people": [_entry(person) for person in self._people]}, indent=2)
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w", encoding="utf-8") as opened:
            opened.write(content + "\n")
        beside.replace(file)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _entry(person: LocalPerson) -> dict[str, object]:
    return {name: value for name, value in asdict(person).items() if name != "key"}


def _person(entry: Mapping[str, object]) -> LocalPerson:
    mails, groups, roles = (tuple(_texts(entry.get(name, []))) for name in ("mails", "groups", "roles"))
    return LocalPerson(
        id=str(entry["id"]),
        name=str(entry["name"]),
        mails=mails,
        groups=groups,
        roles=roles,
        key_sha256=str(entry["key_sha256"]),
    )


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"{value!r} is not a list of texts")
    return value
