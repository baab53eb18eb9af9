"""What a registry, or whatever stands before it, answered: read to a bound, and told in a few words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.ports.errors import Permanent

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

_NEXT = re.compile(r'<([^<>]{1,4000})>\s*(?:;\s*rel="?([a-z]{1,40})"?)?')
_SHOWN = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAnswer:
    """One answer; `whole` is False where there was more of it than anybody wanted."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    whole: bool = True

    @property
    def media_type(self) -> str:
        """What the sender says that it is."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip()

    def __str__(self) -> str:
        """HTTP status, type and beginning."""
        begins = " ".join(self.content[: 4 * _SHOWN].decode("utf-8", "replace").split())[:_SHOWN]
        shown = "".join(sign if sign.isprintable() else "�" for sign in begins)
        return f"HTTP {self.status} {self.media_type[:_SHOWN] or 'without a type'}: {shown!r}"


def read(response: HttpResponse, most: int) -> RegistryAnswer:
    """Read an answer that was not read yet, `most` bytes of it."""
    pieces: list[bytes] = []
    size = 0
    with response:
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > most:
                break
    content = b"".join(pieces)
    return RegistryAnswer(
        status=response.status_code, headers=response.headers, content=content[:most], whole=len(content) <= most
    )


def listed(page: Mapping[str, object], key: str, registry: str) -> Sequence[object]:
    """Return a page's list, empty where it has none; raise Permanent for anything else."""
    found = page.get(key)
    if found is None or isinstance(found, list):
        return found or ()
    raise Permanent(f"{registry} answers with {key} that are no list, but {type(found).__name__}")


def following(link: str) -> str:
    """Return the next page of RFC 8288's Link, empty where there is none."""
    return next((target for target, relation in _NEXT.findall(link[:8000]) if relation in ("", "next")), "")


def path_of(address: str, doing: str) -> str:
    """Return path and query of an address that the other side named; raise Permanent for what is none."""
    try:
        return urlsplit(address)._replace(scheme="", netloc="", fragment="").geturl()
    except ValueError as error:
        raise Permanent(f"{doing}: {address[:200]!r} is no address: {error}") from error
