"""Hosts that a file may name: what it names is asked from inside our network."""

from __future__ import annotations

import ipaddress
import re

# A last part of digits makes an address of a name, in ways that not everybody reads alike: 127.1, 0x7f000001.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


def trouble(registry: str, *, near: bool) -> str:
    """Say why a registry's `host:port` is not asked, empty where it is; `near` lets this machine's own through."""
    host = registry.partition(":")[0].rstrip(".").lower()
    if _NUMBER.fullmatch(host.rpartition(".")[2]) is None:
        local = host == "localhost" or host.endswith(".localhost")
        return "" if near or not local else f"{host} is this machine; name the registry's own host"
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        return f"{host} is neither a name nor an address such as 10.0.0.4"
    if address.is_loopback and near:
        return ""
    if address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast:
        return f"{host} is an address of this machine or of its platform; name the registry's own host"
    return ""
