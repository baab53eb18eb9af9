"""Where dependencies of charts may come from: a branch names them, and what it names is asked from inside our network."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from shared.ports.errors import Permanent

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_PORTS = {"https": 443, "oci": 443, "http": 80}
# IPv6 addresses that carry one of IPv4 in their last bytes (NAT64).
_CARRIED = ipaddress.ip_network("64:ff9b::/96")


def looked_up(host: str) -> tuple[str, ...]:
    """Every address of a host; none where nobody knows it."""
    try:
        return tuple(sorted({str(each[4][0]) for each in socket.getaddrinfo(host, None)}))
    except (OSError, UnicodeError):
        return ()


def is_loopback(host: str) -> bool:
    """Whether a registry's `host:port` is this machine, where TLS has nothing to protect."""
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


@dataclass(frozen=True, slots=True)
class Allowed:
    """A host that may be asked, at the addresses that were looked at."""

    host: str
    port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """`listed` are hosts (`host` or `host:port`), `*` any; `near` lets charts of this machine through without being listed."""

    listed: frozenset[str] = frozenset()
    near: bool = False
    look_up: Callable[[str], Iterable[str]] = looked_up

    def names(self, place: str) -> bool:
        """Whether somebody listed just this one, `host` or `host:port`."""
        return bool({place.lower(), place.lower().rpartition(":")[0]} & self.listed)

    def check(self, chart: str, address: str) -> None:
        """Raise Permanent, saying what to do, where an address must not be asked for a dependency of the chart."""
        self.allowed(chart, address)

    def allowed(self, chart: str, address: str) -> Allowed:
        """Check it, and say where exactly it may be asked."""
        scheme, host, port = self._parts(chart, address)
        place = f"chart {chart} depends on {scheme}://{host}"
        found = tuple(self.look_up(host)) or (host,)
        near = False
        for one in _addresses((host, *found)):
            if one.is_loopback and self.near:
                near = True
            elif one.is_loopback or one.is_link_local or one.is_unspecified or one.is_multicast:
                raise Permanent(f"{place}, which is {one}, an address of this machine or of its platform")
        names = {host, f"{host}:{port}"}
        listed = "*" in self.listed or bool(names & self.listed)
        if not near and not listed:
            raise Permanent(
                f"{place}, and SLIPWAY_CHART_HOSTS does not list {host}; have it added there, or put the dependency into charts/"
            )
        # Of a name that leads here and elsewhere, what is here is let through alone.
        here = [name for name in found if any(one.is_loopback for one in _addresses((name,)))]
        places = [name for name in found if any(True for _ in _addresses((name,)))]
        return Allowed(host, port, tuple(places if listed else here))

    def _parts(self, chart: str, address: str) -> tuple[str, str, int]:
        if address.startswith(("@", "alias:")):
            raise Permanent(
                f"chart {chart} depends on {address[:80]}, a name that somebody's own Helm knows; write the repository's address"
            )
        try:
            found = urlsplit(address)
            scheme, host, port = found.scheme.lower(), found.hostname or "", found.port
        except ValueError as error:
            raise Permanent(f"chart {chart} depends on {address[:80]!r}, which is no address: {error}") from error
        if scheme not in _PORTS or not host:
            raise Permanent(f"chart {chart} depends on {address[:80]!r}; write oci://, https:// or file://")
        if "@" in found.netloc:
            raise Permanent(f"chart {chart} depends on {scheme}://{host} with a user or password; leave them out")
        return scheme, host.rstrip("."), port or _PORTS[scheme]


def _addresses(names: Iterable[str]) -> Iterator[Address]:
    for name in names:
        try:
            one = ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            continue
        yield one
        if isinstance(one, ipaddress.IPv6Address):
            carried = one.ipv4_mapped or one.sixtofour
            if carried is not None:
                yield carried
            if one in _CARRIED:
                yield ipaddress.IPv4Address(int(one) & 0xFFFFFFFF)
