"""How mails are written: what is spelled otherwise reads like somebody's mail, and compares as nobody's.

People are told apart by their mails, so everybody who has a hand in a release is held to one rule: whoever has no mail, or
one that is not plain, is known by none. An author or pusher of that kind is unknown, and who votes is asked for another
identity. What lets somebody in is exact as well: there no two mails may be one by being compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

# Control and format characters, blanks, opening and closing brackets and quotes, and what is not assigned.
_ODD = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Ps", "Pe", "Pi", "Pf"})
# Marks that separate mails or quote them, what stands for lost bytes, and letters and marks that show nothing.
_ODD_LETTERS = re.compile(
    '["`<>,;:\\\\\ufffd\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]'
)
# An apostrophe is part of a name between letters, and quotes it elsewhere; a dot separates.
_ODD_PLACES = re.compile(r"(?<!\w)'|'(?!\w)|^\.|\.$|\.@|@\.")
# GitHub's mails of programs: `1234+dependabot[bot]@users.noreply.github.com`.
_PROGRAM = re.compile(r"(?<=\w)\[bot\](?=@)")


def are_known_by(mails: Collection[str]) -> bool:
    """Whether somebody who has these mails can be told from everybody else."""
    return bool(mails) and all(map(is_plain_mail, mails))


def is_exact_mail(mail: str) -> bool:
    """Whether a mail is plain, and compares as no other one."""
    return is_plain_mail(mail) and is_exact(mail)


def is_exact(text: str) -> bool:
    """Whether nothing but the case of letters is lost where it is compared: a long s would become an s, a sharp one two."""
    return unicodedata.normalize("NFKC", text) == text and text.casefold() == text.lower()


@lru_cache(maxsize=4096)
def is_plain_mail(mail: str) -> bool:
    """Whether a mail is written as mails are, so that whoever has it equals it but for the case of letters."""
    plain = _PROGRAM.sub("", mail)
    name, at, host = plain.partition("@")
    if not (name and at and host) or "@" in host or unicodedata.normalize("NFKC", mail) != mail:
        return False
    if _ODD_LETTERS.search(plain) or _ODD_PLACES.search(plain):
        return False
    return not any(unicodedata.category(letter) in _ODD for letter in plain)
