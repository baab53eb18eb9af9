"""An OCI registry on disk for one machine: enough of the distribution specification for
azure-containerregistry, Helm and skopeo, with CNCF distribution's push notifications."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from infra.local.registry.app import create_registry
from infra.local.registry.notifications import Endpoint, Notifier
from infra.local.registry.server import RunningServer

__all__ = ["Endpoint", "Notifier", "RunningRegistry", "create_registry", "serve"]


class RunningRegistry:
    """A registry with its server and its notifications; `host` is how references begin, `127.0.0.1:<port>`."""

    def __init__(self, root: Path, *, port: int, notifier: Notifier | None) -> None:
        self._notifier = notifier
        self._server = RunningServer(create_registry(root, notifier), port=port)
        self.port = self._server.port
        self.host = f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End connections and threads; what was acknowledged is on the disk."""
        self._server.stop()
        if self._notifier:
            self._notifier.stop()


def serve(
    root: Path, port: int = 0, notify_url: str | None = None, headers: Mapping[str, str] | None = None
) -> RunningRegistry:
    """Serve the registry below `root` on the loopback; raise OSError where the port is taken."""
    notifier = Notifier([Endpoint(url=notify_url, headers=headers or {})]) if notify_url else None
    return RunningRegistry(root, port=port, notifier=notifier)
