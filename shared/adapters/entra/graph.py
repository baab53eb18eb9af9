"""Microsoft Graph: who is meant by a name, and who is in which group.

The identity needs `User.Read.All` and `GroupMember.Read.All`.
https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from shared.adapters.json_http import JsonHttp
from shared.domain.values.names import is_object_id
from shared.ports.errors import NotFound, Permanent

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_MOST_GROUPS = 20  # in one call
_ENOUGH, _MOST_PAGES = 5, 5  # two are too many already; a page may be empty and have another one after it
KEPT = timedelta(seconds=60)
_MAILS = ("mail", "userPrincipalName", "otherMails", "proxyAddresses")
_MOST_KEPT = 10_000


class GraphDirectory:
    """Asks Graph as one identity. Memberships are kept for a minute: a page asks about many rules at once."""

    def __init__(
        self, address: str, credential: Callable[[], TokenCredential], *, elapsed: Callable[[], timedelta]
    ) -> None:
        self._address, self._elapsed = address.rstrip("/"), elapsed
        self._http = JsonHttp("Microsoft Graph", credential=credential, scope=f"{self._address}/.default")
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], tuple[bool, timedelta]] = {}

    def people(self, name: str) -> Sequence[str]:
        """See Directory."""
        return self._found("users", f"userPrincipalName eq {_literal(name)} or mail eq {_literal(name)}")

    def groups(self, name: str) -> Sequence[str]:
        """See Directory."""
        return self._found("groups", f"displayName eq {_literal(name)}")

    def mails_of(self, person: str) -> Sequence[str]:
        """See Directory."""
        if not is_object_id(person):
            return ()
        query = f"$select={','.join(_MAILS)}"
        try:
            found = self._http.ask("GET", f"{self._address}/v1.0/users/{person}?{query}")
        except NotFound:
            return ()
        named = chain.from_iterable(_texts(found.get(name)) for name in _MAILS)
        # Addresses of other kinds (X500, SIP) stand beside those of mail, each with its kind.
        plain = (one[5:] if one[:5].lower() == "smtp:" else one for one in named)
        return tuple(dict.fromkeys(one for one in plain if "@" in one and ":" not in one))

    def groups_of(self, person: str, among: Sequence[str]) -> frozenset[str]:
        """See Directory. What is no id cannot be asked for, and nobody is in it."""
        now = self._elapsed()
        wanted = dict.fromkeys(one.lower() for one in among if is_object_id(one))
        with self._lock:
            kept = {one: self._kept[person, one] for one in wanted if (person, one) in self._kept}
        known = {one: is_in for one, (is_in, at) in kept.items() if now - at < KEPT}
        asked = iter(one for one in wanted if one not in known)
        while some := list(islice(asked, _MOST_GROUPS)):
            held = self._check(person, some)
            known |= {one: one in held for one in some}
            self._keep({(person, one): (one in held, now) for one in some})
        return frozenset(one for one, is_in in known.items() if is_in)

    def _check(self, person: str, groups: list[str]) -> frozenset[str]:
        if not is_object_id(person):
            return frozenset()
        address = f"{self._address}/v1.0/users/{person}/checkMemberGroups"
        try:
            answer = self._http.ask("POST", address, {"groupIds": groups})
        except NotFound:
            # A program, or somebody who has left.
            return frozenset()
        return frozenset(str(one).lower() for one in answer.get("value", []))

    def _keep(self, found: dict[tuple[str, str], tuple[bool, timedelta]]) -> None:
        with self._lock:
            if len(self._kept) > _MOST_KEPT:
                self._kept.clear()
            self._kept |= found

    def _found(self, kind: str, condition: str) -> Sequence[str]:
        address = f"{self._address}/v1.0/{kind}?"
        page = f"{address}$filter={quote(condition, safe='')}&$select=id&$top={_ENOUGH}"
        found: list[str] = []
        for _ in range(_MOST_PAGES):
            answer = self._http.ask("GET", page)
            found += [str(one["id"]) for one in answer.get("value", [])]
            page = str(answer.get("@odata.nextLink") or "")
            if not page or len(found) > 1:
                return tuple(found)
            if not page.startswith(address):
                raise Permanent("Microsoft Graph leads to another address than its own", ours=True)
        raise Permanent(f"Microsoft Graph has more than {_MOST_PAGES} pages about one name", ours=True)


def _literal(text: str) -> str:
    """A text as OData writes it, so that a quote in a name ends nothing."""
    return "'" + text.replace("'", "''") + "'"


def _texts(value: object) -> Sequence[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value] if isinstance(value, list) else []
