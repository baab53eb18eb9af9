"""How mails are written: what is spelled otherwise reads like somebody's mail, and compares as nobody's."""

from __future__ import annotations

import re
import unicodedata

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


def is_plain_mail(mail: str) -> bool:
    """Whether a mail is written as mails are, so that whoever has it equals it but for the case of letters."""
    plain = _PROGRAM.sub("", mail)
    name, at, host = plain.partition("@")
    if not (name and at and host) or "@" in host or unicodedata.normalize("NFKC", mail) != mail:
        return False
    if _ODD_LETTERS.search(plain) or _ODD_PLACES.search(plain):
        return False
    return not any(unicodedata.category(letter) in _ODD for letter in plain)
