"""Names and passwords for GitOps repositories by https: each reaches git by its environment, and its own address only.

Git's `http.<address>.extraHeader` counts for that address alone (git-config(1), `http.<url>.*`). Neither an address that
git is given nor an argument holds a password, which every user of the machine could read in the list of processes.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

_NONE: Mapping[str, str] = MappingProxyType({})


class GitCredentials:
    """What to show where: `known` gives `name:password` by the beginning of an https address, the longest that fits counts."""

    def __init__(self, known: Mapping[str, str] = _NONE) -> None:
        self._known = {_folder(address): shown for address, shown in known.items()}

    def environment(self, url: str) -> Mapping[str, str]:
        """Return what git's environment needs for an address; nothing for one that nothing is known of."""
        address = self._address_for(url)
        if address is None:
            return _NONE
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{address}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {_basic(self._known[address])}",
        }

    def secrets(self, url: str) -> tuple[str, ...]:
        """Return what must not be shown of an address, in each of its forms."""
        address = self._address_for(url)
        if address is None:
            return ()
        shown = self._known[address]
        return (shown, _basic(shown), shown.partition(":")[2])

    def _address_for(self, url: str) -> str | None:
        fitting = [one for one in self._known if _folder(url).startswith(one)]
        return max(fitting, key=len, default=None)


def _folder(url: str) -> str:
    # By whole parts: what is for …/team is not for …/team-of-others. Hosts are the same in any case.
    parts = urlsplit(url)
    return parts._replace(
        scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=f"{parts.path.rstrip('/')}/"
    ).geturl()


def _basic(shown: str) -> str:
    return base64.b64encode(shown.encode()).decode()
