"""What a registry asks for before it lets anybody in: RFC 9110's WWW-Authenticate, of which the SDK reads one spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_BETWEEN = re.compile(r"[ \t,]*")
_SCHEME = re.compile(rf"({_TOKEN})(?=[ \t,]|$)(?:[ \t]+[0-9A-Za-z._~+/-]+=*(?=[ \t]*(?:,|$)))?")
_PARAMETER = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:({_TOKEN})|"((?:[^"\\]|\\.)*)")(?=[ \t,]|$)')
_ESCAPED = re.compile(r"\\(.)")
_MOST, _SHOWN = 8000, 300


class UnknownChallenge(Exception):
    """Nothing in a header asks for what we can show; its words quote the header."""

    def __init__(self, header: str) -> None:
        super().__init__(quoted(header))


def quoted(header: str) -> str:
    """Return the beginning of a header as it is shown in a sentence."""
    return f"WWW-Authenticate: {header[:_SHOWN]!r}"


def bearer(header: str) -> str:
    """Return a header's first challenge for a bearer token in the SDK's spelling; raise UnknownChallenge without one.

    Names of schemes and parameters have no case, blanks may stand around commas, and several challenges in one header.
    """
    for scheme, parameters in _challenges(header):
        service, scope = parameters.get("service"), parameters.get("scope")
        if scheme == "bearer" and service and scope and '"' not in service + scope:
            return f'Bearer service="{service}",scope="{scope}"'
    raise UnknownChallenge(header)


def _challenges(header: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    if len(header) > _MOST:
        raise UnknownChallenge(header)
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while (at := _end(_BETWEEN.match(header, at), at)) < len(header):
        if found and (parameter := _PARAMETER.match(header, at)):
            name, plain, text = parameter.groups()
            found[-1][1][name.lower()] = plain or _ESCAPED.sub(r"\1", text or "")
            at = parameter.end()
        elif scheme := _SCHEME.match(header, at):
            found.append((scheme[1].lower(), {}))
            at = scheme.end()
        else:
            raise UnknownChallenge(header)
    yield from found


def _end(match: re.Match[str] | None, at: int) -> int:
    return match.end() if match else at
