"""Settings of the clusters that are deployed to, read with all others by config."""

from __future__ import annotations

import base64
import binascii
import json
import re
import ssl
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.domain.values.errors import InvalidValue
from shared.domain.values.names import valid_name
from shared.environment import address
from shared.ports.known_cluster import KnownCluster, is_overheard

ARM = "https://management.azure.com"
_CLUSTERS = "SLIPWAY_CLUSTERS"
_KINDS = ("context", "server", "aks")
_FIELDS = {
    "context": {"context", "identities", "shared"},
    "server": {"server", "ca", "token_file", "identities", "shared"},
    "aks": {"aks", "token_file", "identities", "shared"},
}
_RESOURCE = re.compile(
    r"/subscriptions/[-0-9a-f]{36}/resourceGroups/[-\w.()]{1,90}"
    r"/providers/Microsoft\.ContainerService/managedClusters/[-\w]{1,63}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """Which clusters there are, by the names that slipway.yaml has for them. Whoever writes that file gives no address.

    `kubeconfig` is the file that contexts are looked up in, None for the usual place; `arm` is where Azure is asked for the
    address of an AKS cluster.
    """

    known: Mapping[str, KnownCluster] = field(default_factory=dict)
    kubeconfig: Path | None = None
    arm: str = ARM

    @staticmethod
    def from_env(env: Mapping[str, str]) -> ClusterSettings:
        """Read SLIPWAY_CLUSTERS, SLIPWAY_KUBECONFIG and SLIPWAY_ARM."""
        return ClusterSettings(
            known=_known(env.get(_CLUSTERS) or "{}"),
            kubeconfig=Path(env["SLIPWAY_KUBECONFIG"]) if env.get("SLIPWAY_KUBECONFIG") else None,
            arm=address("SLIPWAY_ARM", env.get("SLIPWAY_ARM") or ARM),
        )

    def to_env(self) -> dict[str, str]:
        """See Settings."""
        return {
            _CLUSTERS: json.dumps({name: _written(one) for name, one in self.known.items()}),
            "SLIPWAY_KUBECONFIG": str(self.kubeconfig or ""),
            "SLIPWAY_ARM": self.arm,
        }

    def check(self, *, held: Set[str], production: Set[str], own: bool, roles: Set[str]) -> None:
        """Raise InvalidValue where clusters and identities do not fit.

        `held` are the identities of environments in this app, `production` those of production; `own`: Slipway has one itself.
        """
        for name, one in self.known.items():
            if roles and "production" not in roles and one.identities and one.identities <= production:
                raise InvalidValue(
                    _CLUSTERS,
                    f"names {name}, which is for the app with the role production alone; take it out here",
                )
            if held and one.has_credentials and not one.identities:
                raise InvalidValue(
                    _CLUSTERS,
                    f"{name}.identities is missing: every environment could use the credentials that it brings; "
                    "name the identities that may",
                )
            if not (held or own or one.has_credentials):
                raise InvalidValue(
                    _CLUSTERS,
                    f"{name}.token_file is missing: nobody here has an identity to show to it; "
                    "give the file of a ServiceAccount's token, or set SLIPWAY_IDENTITIES",
                )


def _known(text: str) -> Mapping[str, KnownCluster]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidValue(_CLUSTERS, f"is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise InvalidValue(_CLUSTERS, "is not an object of names and clusters")
    known = {name: _cluster(name, one) for name, one in found.items()}
    names: dict[str, str] = {}
    for name, one in known.items():
        first = names.setdefault(one.where, name)
        if first != name and not (one.shared and known[first].shared):
            problem = f"{first} and {name} are one cluster, {one.where}; where that is meant, both say shared: true"
            raise InvalidValue(_CLUSTERS, problem)
    return known


def _cluster(name: str, found: Any) -> KnownCluster:
    if not valid_name(name):
        raise InvalidValue(_CLUSTERS, f"{name!r} is not a name: lower-case letters, digits and inner hyphens")
    kinds = [one for one in _KINDS if one in found] if isinstance(found, dict) else []
    if len(kinds) != 1:
        raise InvalidValue(_CLUSTERS, f"{name} must hold one of {', '.join(_KINDS)}")
    [kind] = kinds
    for key in found:
        if key not in _FIELDS[kind]:
            there_are = ", ".join(sorted(_FIELDS[kind]))
            raise InvalidValue(_CLUSTERS, f"{name}.{key} is not known beside {kind}; known are: {there_are}")
    if not isinstance(found.get("shared", False), bool):
        raise InvalidValue(_CLUSTERS, f"{name}.shared must be true or false")
    token_file = _text(name, found, "token_file")
    return KnownCluster(
        context=_text(name, found, "context"),
        server=_server(name, _text(name, found, "server")),
        authority=_authority(name, _text(name, found, "ca")),
        aks=_resource(name, _text(name, found, "aks")),
        token_file=Path(token_file) if token_file else None,
        identities=_identities(name, found.get("identities")),
        shared=found.get("shared", False),
    )


def _text(name: str, found: Mapping[str, Any], key: str) -> str:
    text = found.get(key, "")
    if not isinstance(text, str) or (key in found and not text):
        raise InvalidValue(_CLUSTERS, f"{name}.{key} is not a text")
    return text


def _server(name: str, text: str) -> str:
    if not text:
        return ""
    wrong = InvalidValue(_CLUSTERS, f"{name}.server: {text!r} is no address such as https://cluster.example.com:6443")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise wrong from error
    if not host or parts.scheme not in ("https", "http") or "@" in text or parts.query or parts.fragment:
        raise wrong
    if is_overheard(text):
        raise InvalidValue(_CLUSTERS, f"{name}.server: {text!r} would show tokens to all on the way; write https")
    return text.rstrip("/")


def _authority(name: str, text: str) -> str:
    if not text:
        return ""
    try:
        pem = text if "-----BEGIN" in text else base64.b64decode(text, validate=True).decode("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError, binascii.Error) as error:
        raise InvalidValue(_CLUSTERS, f"{name}.ca holds no certificate, neither as PEM nor as its base64") from error
    return pem


def _resource(name: str, text: str) -> str:
    if text and _RESOURCE.fullmatch(text) is None:
        example = "/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerService/managedClusters/name"
        raise InvalidValue(_CLUSTERS, f"{name}.aks: {text!r} is no resource id such as {example}")
    return text


def _identities(name: str, found: Any) -> frozenset[str]:
    if found is None:
        return frozenset()
    if not isinstance(found, list) or not found or not all(isinstance(one, str) and one for one in found):
        raise InvalidValue(_CLUSTERS, f"{name}.identities is not a list of names")
    return frozenset(found)


def _written(one: KnownCluster) -> dict[str, object]:
    found: dict[str, object] = {
        "context": one.context,
        "server": one.server,
        "ca": one.authority,
        "aks": one.aks,
        "token_file": str(one.token_file or ""),
        "identities": sorted(one.identities),
        "shared": one.shared,
    }
    return {key: value for key, value in found.items() if value}
