"""How a cluster is reached, and as whom."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterConnection:
    """An API server, whom to trust for it, and a token or a client's certificate. `name` is the cluster's, for messages.

    `authority`, `certificate` and `key` are PEM; no authority means those that the machine trusts. `token` returns one that
    is good for some minutes more, empty where a certificate says who asks; it raises what adapters raise.
    """

    name: str
    server: str
    token: Callable[[], str]
    authority: str = ""
    certificate: str = ""
    key: str = ""
    server_name: str = ""

    def kubeconfig(self) -> str:
        """The same for programs that read kubeconfig files; it holds secrets, and is for pipes and private files."""
        cluster: dict[str, Any] = {"server": self.server}
        if self.authority:
            cluster["certificate-authority-data"] = _data(self.authority)
        if self.server_name:
            cluster["tls-server-name"] = self.server_name
        user: dict[str, Any] = {}
        if token := self.token():
            user["token"] = token
        if self.certificate:
            user |= {"client-certificate-data": _data(self.certificate), "client-key-data": _data(self.key)}
        name = "slipway"
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": name, "cluster": cluster}],
                "users": [{"name": name, "user": user}],
                "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
                "current-context": name,
            }
        )


def _data(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
