"""Words of a Dockerfile: quotes, escapes and variables, as BuildKit's shell lexer takes them.

A value that only the base image knows is None, and so is every text that it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = re.compile(r"[0-9]+|[@*#?!$-]")
_QUOTES = "\"'"
_LONGEST = 4096
_DEEPEST = 20


def split(text: str, escape: str) -> Iterator[str]:
    """Split at blanks outside of quotes; quotes and escapes stay."""
    start, at, quote = -1, 0, ""
    while at < len(text):
        sign = text[at]
        if sign.isspace() and not quote:
            if start >= 0:
                yield text[start:at]
            start = -1
        else:
            start = at if start < 0 else start
            if sign == escape and quote != "'":
                at += 1
            elif sign in _QUOTES and quote in ("", sign):
                quote = "" if quote else sign
        at += 1
    if start >= 0:
        yield text[start:]


def without_quotes(word: str, escape: str) -> str:
    """Take quotes and escapes off a word in which variables mean nothing."""
    kept: list[str] = []
    at, quote = 0, ""
    while at < len(word):
        sign = word[at]
        if sign in _QUOTES and quote in ("", sign):
            quote = "" if quote else sign
        elif sign == escape and quote != "'" and at + 1 < len(word):
            at += 1
            kept.append(word[at])
        else:
            kept.append(sign)
        at += 1
    return "".join(kept)


def filled(text: str, known: Mapping[str, str | None], escape: str) -> str | None:
    """Take quotes and escapes off, and put variables in; None where a value is not known, or far too long."""
    return _Text(text, known, escape).word("", 0)


class _Text:
    """A text that is read once, from its beginning to its end."""

    def __init__(self, text: str, known: Mapping[str, str | None], escape: str) -> None:
        self._text, self._known, self._escape = text, known, escape
        self._at = 0

    def word(self, end: str, depth: int) -> str | None:
        """Read up to the sign that ends it outside of quotes, or to the end of the text."""
        kept: list[str] = []
        known, size, quote = True, 0, ""
        while self._at < len(self._text):
            sign = self._text[self._at]
            if sign == end and not quote:
                break
            self._at += 1
            if sign in _QUOTES and quote in ("", sign):
                quote = "" if quote else sign
                continue
            piece = self._piece(sign, quote, depth)
            # Variables that hold one another grow without end: what is too long is no user's name.
            size += len(piece or "")
            known = known and piece is not None and size <= _LONGEST
            if known:
                kept.append(piece or "")
        return "".join(kept) if known else None

    def _piece(self, sign: str, quote: str, depth: int) -> str | None:
        if quote == "'":
            return sign
        if sign == self._escape:
            return self._escaped(quote)
        return self._variable(depth) if sign == "$" else sign

    def _escaped(self, quote: str) -> str:
        following = self._text[self._at : self._at + 1]
        if quote and following not in ('"', "$", self._escape):
            return self._escape
        self._at += len(following)
        return following

    def _variable(self, depth: int) -> str | None:
        braced = self._text.startswith("{", self._at)
        found = (_NAME.match(self._text, self._at + braced)) or _SPECIAL.match(self._text, self._at + braced)
        if found is None:
            return None if braced else "$"
        self._at = found.end()
        value = self._known.get(found[0])
        if not braced:
            return value
        operator = self._operator()
        if operator == "":
            return value
        if depth >= _DEEPEST:
            self._at = len(self._text)
            return None
        other = self.word("}", depth + 1)
        self._at += 1
        return _chosen(operator, value, other)

    def _operator(self) -> str:
        for operator in ("}", ":-", ":+", ":?", "-", "+", "?"):
            if self._text.startswith(operator, self._at):
                self._at += len(operator)
                return "" if operator == "}" else operator
        return "unknown"


def _chosen(operator: str, value: str | None, other: str | None) -> str | None:
    """What a variable with an operator stands for. One that nobody here sets has its default, if there is one here."""
    is_set = bool(value) or not operator.startswith(":")
    if operator.endswith("-"):
        return value if is_set and value is not None else other
    if value is None or operator == "unknown":
        return None
    if operator.endswith("+"):
        return other if is_set else ""
    return value if is_set else None
