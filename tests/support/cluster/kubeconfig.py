"""A kubeconfig file, which may be JSON."""

from __future__ import annotations

import json
from pathlib import Path

NAME = "test"


def kubeconfig(server: str, ca_file: Path, user: str, token: str) -> str:
    """What kubectl and Helm need to be a user."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": NAME,
            "clusters": [{"name": NAME, "cluster": {"server": server, "certificate-authority": str(ca_file)}}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": user}}],
        }
    )
