"""Clusters by the names that slipway.yaml has for them, as one identity reaches them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from shared.adapters.kubernetes import addresses, tokens
from shared.adapters.kubernetes.api import Api
from shared.domain.policies.policy import HelmTarget
from shared.ports.errors import Permanent, Transient

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from shared.adapters.kubernetes.connection import ClusterConnection
    from shared.domain.policies.place import Place
    from shared.ports.known_cluster import KnownCluster

# Certificates of authorities change, and so does who a plugin of a kubeconfig file says we are.
KEPT = timedelta(minutes=5)


@dataclass(slots=True)
class _Reached:
    api: Api
    at: timedelta


class Clusters:
    """The clusters that settings know, for one identity; each is connected to once in a process.

    `identity` is the environment's by the name that slipway.yaml has for it, None for Slipway's own or where nobody has one.
    `elapsed` is the time that has passed since some moment.
    """

    def __init__(
        self,
        known: Mapping[str, KnownCluster],
        *,
        kubeconfig: Path | None,
        arm: str,
        identity: str | None,
        credential: TokenCredential | None,
        elapsed: Callable[[], timedelta],
    ) -> None:
        self._known, self._kubeconfig, self._arm = known, kubeconfig, arm
        self._identity, self._credential, self._elapsed = identity, credential, elapsed
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._reached: dict[str, _Reached] = {}

    def api(self, place: Place) -> Api:
        """Return the API of a place's cluster, for all threads; its `connection` is how others reach it.

        Raise Permanent where settings do not know it or keep this identity from it, and what adapters raise.
        """
        name = self._name(place)
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        # Whoever asks for another cluster waits for none that is slow.
        with lock:
            return self._connected(name)

    def _connected(self, name: str) -> Api:
        now, found = self._elapsed(), self._reached.get(name)
        if found is not None and now - found.at < KEPT:
            return found.api
        try:
            connection = self._connection(name)
        except Transient:
            if found is None:
                raise
            return found.api
        if found is not None and _alike(found.api.connection, connection):
            found.at = now
            return found.api
        # The one before is closed once nobody uses it any more.
        made = self._reached[name] = _Reached(Api(connection), now)
        return made.api

    def _connection(self, name: str) -> ClusterConnection:
        one = self._known[name]
        if one.context:
            return addresses.of_context(name, self._kubeconfig, one.context)
        token = tokens.of_file(name, one.token_file) if one.token_file else tokens.of_entra(name, self._credential)
        if one.aks:
            return addresses.of_aks(name, one.aks, arm=self._arm, credential=self._credential, token=token)
        return addresses.of_server(name, one.server, one.authority, token)

    def _name(self, place: Place) -> str:
        target = place.target
        if not isinstance(target, HelmTarget):
            raise Permanent(f"{place.environment} is no environment of a cluster", ours=True)
        one = self._known.get(target.cluster)
        if one is None:
            raise Permanent(
                f"{place.environment} is in the cluster {target.cluster}, which SLIPWAY_CLUSTERS does not know; add it in "
                f"the app of the worker that serves {place.environment}, or correct deploy.helm.cluster in slipway.yaml",
                ours=True,
            )
        if one.identities and self._identity not in one.identities:
            who = f"the identity {self._identity}" if self._identity else "an environment without an identity"
            raise Permanent(
                f"{place.environment} is in the cluster {target.cluster}, which {who} may not use: SLIPWAY_CLUSTERS keeps it "
                f"for {', '.join(sorted(one.identities))}; correct deploy.helm.cluster or identity in slipway.yaml",
                ours=True,
            )
        return target.cluster


def _alike(one: ClusterConnection, other: ClusterConnection) -> bool:
    """Whether two connections differ in nothing but how a token is had."""
    return replace(one, token=str) == replace(other, token=str)
