"""Commits as they are stored: whom their headers and trailers name, read from the raw bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from shared.ports.source import Commit, Contributor

MOST_COMMIT: Final = 1 << 20  # bytes of one that is read
_ID = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
# What git writes, and as far as the parents also what it reads: a tree or parent in another place is nothing to it.
_WRITTEN = re.compile(
    rb"tree (?:%s)\n(?:parent (?:%s)\n)*author [^\n]*\ncommitter [^\n]*(?:\n|\Z)" % (_ID.pattern, _ID.pattern)
)
_ONCE = (b"tree", b"author", b"committer")
# Encodings that i18n.commitEncoding is set to, all of them with ASCII as it is: no name can be hidden by stating another.
_ENCODINGS = re.compile(
    rb"(?:iso-?8859-?\d{1,2}|latin-?\d|windows-?125\d|cp125\d|koi8-[ru]|euc-(?:jp|kr)|shift_jis|gb\w{3,5}|big5)",
    re.IGNORECASE,
)
_TRAILER = re.compile(rb"[ \t]*co-authored-by[ \t]*:(.*)", re.IGNORECASE | re.DOTALL)
_READ = (*_ONCE, b"parent", b"encoding")
_MAIL_ENDS = re.compile(rb"[<>]")
_AROUND: Final = b" \t\r\n\0,;"
_DATE = re.compile(rb"[ \t]-?\d{1,20}[ \t]{1,9}[+-]\d{1,8}\Z")
_LONGEST_DATE: Final = 40
_LONGEST_NAME: Final = 1000


class RawCommit:
    """A commit's bytes, split into what the rest of this module reads. What is broken is read as far as it goes.

    Whoever may push chooses these bytes: nothing here takes longer than in proportion to how many there are.
    """

    def __init__(self, content: bytes) -> None:
        self.size = len(content)
        head, _, self._message = content.partition(b"\n\n")
        self._written = _WRITTEN.match(head)
        self._headers: dict[bytes, list[bytes]] = {}
        for line in head.split(b"\n"):
            # A line that begins with a blank goes on with the one before: a signature, another tag's headers.
            name, _, value = line.partition(b" ")
            if name in _READ or (name and not self._headers):
                self._headers.setdefault(name, []).append(value)

    @property
    def tree(self) -> str:
        """The id of its tree; empty where it does not begin with one."""
        first, value = next(iter(self._headers.items()), (b"", [b""]))
        return value[0].decode() if first == b"tree" and _ID.fullmatch(value[0]) else ""

    @property
    def is_plain(self) -> bool:
        """Whether its headers are as git writes them: of others git may read less, and may not know who wrote it."""
        if self._written is None or any(len(self._headers[name]) != 1 for name in _ONCE):
            return False
        return len(self._headers.get(b"parent", ())) == self._written[0].count(b"\nparent ")

    def people(self) -> Iterator[Contributor]:
        """Author, committer and co-authors, one after the other as often as they are named."""
        for header in (b"author", b"committer"):
            for value in self._headers.get(header, ()):
                yield self._person(*_ident(value))
        for value in self._trailers():
            for name, mail in list(_people_in(value)) or [(value, b"")]:
                yield self._person(name, mail)

    def commit(self, id: str) -> Commit:
        """Return it as the port has it."""
        author, committer = (
            self._person(*_ident(next(iter(self._headers.get(header, ())), b"")))
            for header in (b"author", b"committer")
        )
        return Commit(
            id=id,
            author_name=author.name,
            author_mail=author.mail,
            committer_name=committer.name,
            committer_mail=committer.mail,
            message=self._text(self._message),
        )

    def _trailers(self) -> Iterator[bytes]:
        value: list[bytes] | None = None
        for line in re.split(rb"[\n\0]|\r(?!\n)", self._message):
            found = _TRAILER.fullmatch(line)
            # git-interpret-trailers(1): a value goes on in lines that begin with a blank. One that is a trailer itself
            # is read by itself: it may hide nobody.
            if value is not None and (found or b"<" in value[-1] or line[:1] not in (b" ", b"\t")):
                yield b"".join(value)
                value = None
            if found is not None:
                value = [found[1]]
            elif value is not None:
                value.append(line)
        if value is not None:
            yield b"".join(value)

    def _person(self, name: bytes, mail: bytes) -> Contributor:
        # Nobody who may approve has one as long as this, and what is no name is not kept whole.
        return Contributor(*(self._text(one.strip(_AROUND)[:_LONGEST_NAME]) for one in (name, mail)))

    def _text(self, content: bytes) -> str:
        try:
            return content.decode()
        except UnicodeDecodeError:
            stated = next(iter(self._headers.get(b"encoding", ())), b"").strip()
            if _ENCODINGS.fullmatch(stated):
                try:
                    return content.decode(stated.decode("ascii"), "replace")
                except LookupError:
                    pass
            return content.decode("utf-8", "replace")


def _people_in(value: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every `name <mail>` in a trailer, whether or not its last sign is there."""
    at = 0
    while (opened := value.find(b"<", at)) >= 0:
        end = _MAIL_ENDS.search(value, opened + 1)
        closed = end.start() if end is not None else len(value)
        yield value[at:opened].rpartition(b">")[2], value[opened + 1 : closed]
        at = closed + (value[closed : closed + 1] == b">")


def _ident(value: bytes) -> tuple[bytes, bytes]:
    """Split `name <mail> date` as git does: at the first signs of each kind; without them all but the date is a name."""
    whole = value.rstrip(b" \t")
    # Looked for at the end alone: a search through a line of nothing but blanks would begin anew at each of them.
    date = _DATE.search(whole, max(0, len(whole) - _LONGEST_DATE))
    name, _, rest = (whole[: date.start()] if date else whole).partition(b"<")
    return name, rest.partition(b">")[0]
